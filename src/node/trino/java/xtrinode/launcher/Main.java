// Starts Trino in this process. Trino's core on Maven Central has no main class of its own, and one process must not outlive
// the supervisor that holds its standard input.
package xtrinode.launcher;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.security.Security;

public final class Main
{
    private static final long EXIT_PATIENCE_MILLIS = 10_000;

    private Main() {}

    /** Arguments: {@code server <version>} or {@code main <class>}. */
    public static void main(String[] args)
            throws Throwable
    {
        if (args.length != 2) {
            throw new IllegalArgumentException("Expected: server <version> | main <class>");
        }
        // The JVM keeps names above every resolver, failures for 10 s by its java.security file, which no system property overrides.
        Security.setProperty("networkaddress.cache.ttl", "0");
        Security.setProperty("networkaddress.cache.negative.ttl", "0");
        if (Boolean.getBoolean("xtrinode.exit-with-stdin")) {
            Thread guard = new Thread(Main::exitWithStdin, "xtrinode-parent-guard");
            guard.setDaemon(true);
            guard.start();
        }
        try {
            if (args[0].equals("server")) {
                Class<?> server = Class.forName("io.trino.server.Server");
                server.getMethod("start", String.class).invoke(server.getConstructor().newInstance(), args[1]);
            }
            else {
                Class.forName(args[1]).getMethod("main", String[].class).invoke(null, (Object) new String[0]);
            }
        }
        catch (InvocationTargetException e) {
            throw e.getCause();
        }
    }

    private static void exitWithStdin()
    {
        try (InputStream in = System.in) {
            while (in.read() >= 0) {
                // nothing is ever written to us; only the end matters
            }
        }
        catch (IOException e) {
            // a broken pipe is the same news as its end
        }
        Thread last = new Thread(() -> {
            try {
                Thread.sleep(EXIT_PATIENCE_MILLIS);
            }
            catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            Runtime.getRuntime().halt(143);
        }, "xtrinode-last-exit");
        last.setDaemon(true);
        last.start();
        System.exit(143);
    }
}
