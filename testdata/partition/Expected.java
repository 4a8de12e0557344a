import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.TimeZone;
import java.util.TreeMap;
import java.util.TreeSet;

// Says what Java 17 makes of DateTimeFormatter patterns: reads lines of zone, instant and pattern, with tabs between, and writes
// each with a fourth cell: the time as the pattern has it, or "error" if Java refuses the pattern or can not write the time.
// A line "zones" is answered by the names of all time zones: short and long, each for standard, daylight and either time, and
// the zones that have them.
class Expected {
    public static void main(String[] args) throws IOException {
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            if (line.equals("zones")) {
                zones(out);
            } else {
                String[] cells = line.split("\t", -1);
                out.println(line + "\t" + format(cells[0], cells[1], cells[2]));
            }
        }
        out.flush();
    }

    static String format(String zone, String instant, String pattern) {
        try {
            return DateTimeFormatter.ofPattern(pattern, Locale.US).format(Instant.parse(instant).atZone(ZoneId.of(zone)));
        } catch (RuntimeException e) { // ClassCastException and ArrayIndexOutOfBoundsException among them
            return "error";
        }
    }

    static void zones(PrintStream out) {
        TreeMap<String, TreeSet<String>> byNames = new TreeMap<>();
        for (String id : ZoneId.getAvailableZoneIds()) {
            if (id.startsWith("SystemV/")) {
                continue; // Java's own
            }
            StringBuilder names = new StringBuilder();
            for (int style : new int[] {TimeZone.SHORT, TimeZone.LONG}) {
                TimeZone zone = TimeZone.getTimeZone(id);
                names.append(zone.getDisplayName(false, style, Locale.US)).append('\t');
                names.append(zone.getDisplayName(true, style, Locale.US)).append('\t');
                String generic = style == TimeZone.SHORT ? "v" : "vvvv";
                names.append(format(id, "2024-01-01T00:00:00Z", generic)).append('\t');
            }
            byNames.computeIfAbsent(names.toString(), n -> new TreeSet<>()).add(id);
        }
        byNames.forEach((names, ids) -> out.println(names + String.join(" ", ids)));
    }
}
