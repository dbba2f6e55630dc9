import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * Runs sessions of the stock JDBC driver at the same time, each a list of steps one after the other. Arguments: server URL, user,
 * password and a PEM file of certificates to trust (both may be empty). Input: lines of session, kind and text, between tabs; it
 * connects when the input ends. Prints one JSON object per step.
 */
public class RunSessions
{
    private record Step(String kind, String text) {}

    private static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);

    private static String[] arguments;

    public static void main(String[] args)
            throws Exception
    {
        arguments = args;
        Class.forName("io.trino.jdbc.TrinoDriver");
        System.err.println("ready");
        Map<Integer, List<Step>> sessions = new TreeMap<>();
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            String[] parts = line.split("\t", 3);
            sessions.computeIfAbsent(Integer.valueOf(parts[0]), _ -> new ArrayList<>()).add(new Step(parts[1], parts[2]));
        }
        List<Thread> threads = new ArrayList<>();
        sessions.forEach((number, steps) -> threads.add(Thread.ofPlatform().start(() -> runSession(number, steps))));
        for (Thread thread : threads) {
            thread.join();
        }
        OUT.flush();
    }

    private static Connection connect()
            throws SQLException
    {
        Properties properties = new Properties();
        properties.setProperty("user", arguments[1]);
        if (!arguments[2].isEmpty()) {
            properties.setProperty("password", arguments[2]);
        }
        if (arguments[0].startsWith("https:")) {
            properties.setProperty("SSL", "true");
            properties.setProperty("SSLTrustStorePath", arguments[3]);
        }
        return DriverManager.getConnection("jdbc:trino://" + arguments[0].replaceFirst("^https?://", ""), properties);
    }

    private static void runSession(int number, List<Step> steps)
    {
        try (Connection connection = connect()) {
            for (int index = 0; index < steps.size(); index++) {
                String answer;
                try {
                    answer = runStep(connection, steps.get(index));
                }
                catch (SQLException e) {
                    String cause = e.getCause() == null ? "" : " because of " + e.getCause();
                    answer = "\"error\":" + quote(e.getErrorCode() + " " + e.getSQLState() + " " + e.getMessage() + cause);
                }
                String line = "{\"session\":" + number + ",\"step\":" + index + "," + answer + "}";
                synchronized (OUT) {
                    OUT.println(line);
                    OUT.flush();
                }
            }
        }
        catch (Exception e) {
            throw new RuntimeException(e);
        }
    }

    private static String runStep(Connection connection, Step step)
            throws Exception
    {
        switch (step.kind()) {
            case "begin" -> connection.setAutoCommit(false);
            case "commit", "rollback" -> {
                if (step.kind().equals("commit")) {
                    connection.commit();
                }
                else {
                    connection.rollback();
                }
                connection.setAutoCommit(true);
            }
            case "cancel" -> {
                try (Statement statement = connection.createStatement(); ResultSet rows = statement.executeQuery(step.text())) {
                    rows.next();
                    statement.cancel();
                    while (rows.next()) {}
                }
            }
            case "metadata" -> {
                return metadata(connection.getMetaData(), step.text());
            }
            case "prepared" -> {
                try (PreparedStatement statement = connection.prepareStatement(step.text())) {
                    statement.setLong(1, 7);
                    statement.setString(2, "žluťoučký 🐎");
                    try (ResultSet rows = statement.executeQuery()) {
                        return tell(rows, false);
                    }
                }
            }
            default -> {
                try (Statement statement = connection.createStatement()) {
                    if (!statement.execute(step.text())) {
                        return "\"updated\":" + statement.getUpdateCount();
                    }
                    return tell(statement.getResultSet(), step.kind().equals("digest"));
                }
            }
        }
        return "\"rows\":[]";
    }

    private static String metadata(DatabaseMetaData metadata, String schema)
            throws Exception
    {
        List<String> all = new ArrayList<>();
        all.add(quote(metadata.getDatabaseProductName() + " " + metadata.getDatabaseProductVersion()));
        for (ResultSet rows : List.of(
                metadata.getCatalogs(),
                metadata.getSchemas("memory", null),
                metadata.getTables("memory", schema, "%", null),
                metadata.getColumns("memory", schema, "%", "%"),
                metadata.getPrimaryKeys("memory", schema, "plain"),
                metadata.getTypeInfo())) {
            all.add("{" + tell(rows, false) + "}");
        }
        return "\"rows\":[" + String.join(",", all) + "]";
    }

    private static String tell(ResultSet rows, boolean isDigest)
            throws Exception
    {
        int width = rows.getMetaData().getColumnCount();
        List<String> columns = new ArrayList<>();
        for (int column = 1; column <= width; column++) {
            columns.add(quote(rows.getMetaData().getColumnName(column) + " " + rows.getMetaData().getColumnTypeName(column)));
        }
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        List<String> kept = new ArrayList<>();
        int count = 0;
        while (rows.next()) {
            List<String> row = new ArrayList<>();
            for (int column = 1; column <= width; column++) {
                Object value = rows.getObject(column);
                row.add(quote(value instanceof byte[] bytes ? HexFormat.of().formatHex(bytes) : String.valueOf(value)));
            }
            count++;
            String line = "[" + String.join(",", row) + "]";
            if (isDigest) {
                digest.update(line.getBytes(StandardCharsets.UTF_8));
            }
            else {
                kept.add(line);
            }
        }
        String told = isDigest ? "\"digest\":" + quote(HexFormat.of().formatHex(digest.digest())) : "\"rows\":[" + String.join(",", kept) + "]";
        return "\"columns\":[" + String.join(",", columns) + "],\"count\":" + count + "," + told;
    }

    private static String quote(String text)
    {
        return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + "\"";
    }
}
