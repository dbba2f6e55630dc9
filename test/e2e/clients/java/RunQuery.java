import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/**
 * Runs one query with the stock JDBC driver and prints its rows as one JSON array. Arguments: server URL, user, SQL, and
 * optionally another statement to run before, without printing it, which leaves everything loaded. Says on the error output
 * that it is ready, and asks when its input ends.
 */
public class RunQuery
{
    public static void main(String[] args)
            throws Exception
    {
        Class.forName("io.trino.jdbc.TrinoDriver");
        if (args.length > 3) {
            run(args[0], args[1], args[3]);
        }
        System.err.println("ready");
        System.in.readAllBytes();
        System.out.println(run(args[0], args[1], args[2]));
    }

    private static String run(String server, String user, String query)
            throws Exception
    {
        Properties properties = new Properties();
        properties.setProperty("user", user);
        String url = "jdbc:trino://" + server.replaceFirst("^http://", "");
        List<String> rows = new ArrayList<>();
        try (Connection connection = DriverManager.getConnection(url, properties);
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(query)) {
            int width = result.getMetaData().getColumnCount();
            while (result.next()) {
                List<String> row = new ArrayList<>();
                for (int column = 1; column <= width; column++) {
                    row.add(toJson(result.getObject(column)));
                }
                rows.add("[" + String.join(",", row) + "]");
            }
        }
        return "[" + String.join(",", rows) + "]";
    }

    private static String toJson(Object value)
    {
        if (value == null || value instanceof Number || value instanceof Boolean) {
            return String.valueOf(value);
        }
        return "\"" + value.toString().replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }
}
