import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/** Runs one query with the stock JDBC driver and prints its rows as one JSON array. Arguments: server URL, user, SQL. */
public class RunQuery
{
    public static void main(String[] args)
            throws Exception
    {
        Properties properties = new Properties();
        properties.setProperty("user", args[1]);
        String url = "jdbc:trino://" + args[0].replaceFirst("^http://", "");
        List<String> rows = new ArrayList<>();
        try (Connection connection = DriverManager.getConnection(url, properties);
                Statement statement = connection.createStatement();
                ResultSet result = statement.executeQuery(args[2])) {
            int width = result.getMetaData().getColumnCount();
            while (result.next()) {
                List<String> row = new ArrayList<>();
                for (int column = 1; column <= width; column++) {
                    row.add(toJson(result.getObject(column)));
                }
                rows.add("[" + String.join(",", row) + "]");
            }
        }
        System.out.println("[" + String.join(",", rows) + "]");
    }

    private static String toJson(Object value)
    {
        if (value == null || value instanceof Number || value instanceof Boolean) {
            return String.valueOf(value);
        }
        return "\"" + value.toString().replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }
}
