// Resolves Kubernetes Service names from a file that the process node keeps (src/node/names.ts), and leaves every other name
// to the system. A jdk.net.hosts.file would hide all other names, so it cannot serve.
package xtrinode.launcher;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.net.spi.InetAddressResolver;
import java.net.spi.InetAddressResolverProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

public final class NamesResolverProvider
        extends InetAddressResolverProvider
{
    // A worker announces itself every 5 s with a request time-out of 3 s: waiting a little for the coordinator's first address
    // lets it join in the moment the coordinator is ready, and not up to 5 s later.
    private static final long FIRST_ADDRESS_PATIENCE_MILLIS = 2_500;
    private static final long LOOK_AGAIN_MILLIS = 50;
    private static final String FILE_PROPERTY = "xtrinode.names.file";

    @Override
    public String name()
    {
        return "xtrinode-names";
    }

    @Override
    public InetAddressResolver get(Configuration configuration)
    {
        InetAddressResolver system = configuration.builtinResolver();
        String file = System.getProperty(FILE_PROPERTY);
        return file == null ? system : new NamesResolver(Path.of(file), system);
    }

    private static final class NamesResolver
            implements InetAddressResolver
    {
        private final Path file;
        private final InetAddressResolver system;
        private Object seenKey;
        private Table table = new Table(Map.of(), Map.of());

        private NamesResolver(Path file, InetAddressResolver system)
        {
            this.file = file;
            this.system = system;
        }

        @Override
        public Stream<InetAddress> lookupByName(String host, LookupPolicy lookupPolicy)
                throws UnknownHostException
        {
            String name = host.toLowerCase(Locale.ROOT);
            if (name.endsWith(".")) {
                name = name.substring(0, name.length() - 1);
            }
            List<String> addresses = addressesOf(name);
            if (addresses == null) {
                return system.lookupByName(host, lookupPolicy);
            }
            if (addresses.isEmpty()) {
                throw new UnknownHostException(host + ": the Service has no ready Pod");
            }
            List<InetAddress> found = new ArrayList<>();
            for (String address : addresses) {
                found.add(InetAddress.getByAddress(host, InetAddress.ofLiteral(address).getAddress()));
            }
            return found.stream();
        }

        private List<String> addressesOf(String name)
        {
            long deadline = System.nanoTime() + FIRST_ADDRESS_PATIENCE_MILLIS * 1_000_000;
            while (true) {
                List<String> addresses = current().addressesByName().get(name);
                if (addresses == null || !addresses.isEmpty() || System.nanoTime() >= deadline) {
                    return addresses;
                }
                try {
                    Thread.sleep(LOOK_AGAIN_MILLIS);
                }
                catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return addresses;
                }
            }
        }

        @Override
        public String lookupByAddress(byte[] address)
                throws UnknownHostException
        {
            String name = current().nameByAddress().get(InetAddress.getByAddress(address).getHostAddress());
            return name == null ? system.lookupByAddress(address) : name;
        }

        // A stat per look-up is cheap; the JVM asks only when it opens a connection.
        private synchronized Table current()
        {
            try {
                BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
                Object key = List.of(attributes.lastModifiedTime(), attributes.size(), String.valueOf(attributes.fileKey()));
                if (!key.equals(seenKey)) {
                    table = read();
                    seenKey = key;
                }
            }
            catch (IOException e) {
                // no file yet, or replaced this instant: what was last read still holds
            }
            return table;
        }

        private Table read()
                throws IOException
        {
            Map<String, List<String>> addressesByName = new HashMap<>();
            Map<String, String> nameByAddress = new HashMap<>();
            for (String line : Files.readAllLines(file)) {
                String[] words = line.strip().split("\\s+");
                if (words[0].isEmpty() || words[0].startsWith("#")) {
                    continue;
                }
                List<String> addresses = List.of(words).subList(1, words.length);
                addressesByName.put(words[0], addresses);
                addresses.forEach(address -> nameByAddress.putIfAbsent(address, words[0]));
            }
            return new Table(addressesByName, nameByAddress);
        }
    }

    private record Table(Map<String, List<String>> addressesByName, Map<String, String> nameByAddress) {}
}
