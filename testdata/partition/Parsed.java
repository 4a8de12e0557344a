import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.util.Locale;

// Says which times Java 17 reads with DateTimeFormatter patterns: reads lines of zone, pattern and text, with tabs between, and
// writes each with a fourth cell: the time in UTC, "refused" if Java refuses the pattern, or "error" if it can not read the text
// or makes no time of it. A day without a time of day is its beginning; one with parts of a time of day is an error.
class Parsed {
    static final DateTimeFormatter UTC = DateTimeFormatter.ofPattern("u-MM-dd'T'HH:mm:ss.SSSSSSSSS'Z'", Locale.US).withZone(ZoneOffset.UTC);

    public static void main(String[] args) throws IOException {
        PrintStream out = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] cells = line.split("\t", -1);
            out.println(cells[0] + "\t" + cells[1] + "\t" + cells[2] + "\t" + answer(cells[0], cells[1], cells[2]));
        }
        out.flush();
    }

    static String answer(String zone, String pattern, String text) {
        DateTimeFormatter formatter;
        try {
            formatter = DateTimeFormatter.ofPattern(pattern, Locale.US).withZone(ZoneId.of(zone));
        } catch (RuntimeException e) { // ClassCastException among them
            return "refused";
        }
        try {
            return UTC.format(instant(formatter.parse(text)));
        } catch (RuntimeException e) {
            return "error";
        }
    }

    static Instant instant(TemporalAccessor parsed) {
        if (parsed.isSupported(ChronoField.INSTANT_SECONDS)) {
            return Instant.from(parsed);
        }
        LocalDate day = parsed.query(TemporalQueries.localDate());
        for (ChronoField field : ChronoField.values()) {
            if (field.isTimeBased() && parsed.isSupported(field)) {
                throw new IllegalArgumentException("parts of a time of day");
            }
        }
        ZoneId zone = parsed.query(TemporalQueries.zoneId());
        if (parsed.isSupported(ChronoField.OFFSET_SECONDS)) {
            zone = ZoneOffset.ofTotalSeconds(parsed.get(ChronoField.OFFSET_SECONDS));
        }
        return day.atTime(LocalTime.MIDNIGHT).atZone(zone).toInstant();
    }
}
