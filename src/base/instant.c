#include "base/instant.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static int64_t clock_read_us(clockid_t clock)
{
    struct timespec now;
    check(clock_gettime(clock, &now) == 0);
    return now.tv_sec * SECOND_US + now.tv_nsec / 1000;
}

static instant system_now(void *owner)
{
    (void)owner;
    return (instant){clock_read_us(CLOCK_REALTIME)};
}

static instant system_about(void *owner)
{
    (void)owner;
    return (instant){clock_read_us(CLOCK_REALTIME_COARSE)};
}

static duration system_elapsed(void *owner)
{
    (void)owner;
    return (duration){clock_read_us(CLOCK_BOOTTIME)};
}

/* Linux names each boot by a random UUID; its first 15 hexadecimal digits are enough. */
static int64_t system_boot(void)
{
    char written[64] = "";
    int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 0;
    ssize_t length = read(file, written, sizeof(written) - 1);
    (void)close(file);
    int64_t boot = 0;
    for (ssize_t i = 0; i < length && boot < INT64_C(1) << 56; i++) {
        const char *digits = "0123456789abcdef";
        const char *digit = written[i] == '-' ? NULL : strchr(digits, written[i]);
        if (digit)
            boot = boot * 16 + (digit - digits);
    }
    return boot;
}

static struct time_source system_source = {system_now, system_elapsed, NULL, 0, system_about};
static pthread_once_t system_source_once = PTHREAD_ONCE_INIT;

static void system_source_make(void)
{
    system_source.boot = system_boot();
}

const struct time_source *time_source_system(void)
{
    check(pthread_once(&system_source_once, system_source_make) == 0);
    return &system_source;
}

int64_t instant_day(instant at)
{
    int64_t day = at.us / DAY_US;
    return at.us % DAY_US < 0 ? day - 1 : day;
}

static struct tm calendar(instant at)
{
    time_t seconds = (time_t)(instant_day(at) * DAY_SECONDS);
    seconds += (time_t)((at.us - instant_day(at) * DAY_US) / SECOND_US);
    struct tm fields;
    check(gmtime_r(&seconds, &fields) != NULL);
    return fields;
}

struct text instant_date(instant at, char *room)
{
    struct tm fields = calendar(at);
    return (struct text){room, strftime(room, INSTANT_TEXT_BYTES, "%Y-%m-%d", &fields)};
}

struct text instant_rfc3339(instant at, char *room)
{
    struct tm fields = calendar(at);
    return (struct text){room,
                         strftime(room, INSTANT_TEXT_BYTES, "%Y-%m-%dT%H:%M:%SZ", &fields)};
}

struct text instant_http_date(instant at, char *room)
{
    static const char day_names[] = "SunMonTueWedThuFriSat";
    static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm f = calendar(at);
    int length = snprintf(room, INSTANT_TEXT_BYTES, "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT",
                          day_names + 3 * f.tm_wday, f.tm_mday, month_names + 3 * f.tm_mon,
                          f.tm_year + 1900, f.tm_hour, f.tm_min, f.tm_sec);
    check(length > 0 && length < INSTANT_TEXT_BYTES);
    return (struct text){room, (size_t)length};
}

/* Reads exactly count digits off the front of *rest. */
static bool take_digits(struct text *rest, size_t count, int *value)
{
    struct text digits = text_slice(*rest, 0, count);
    int64_t number;
    if (digits.length != count || !text_is_digits(digits) ||
        text_read_integer(digits, &number) != STATUS_OK)
        return false;
    *value = (int)number;
    *rest = text_slice(*rest, count, rest->length);
    return true;
}

static bool take_byte(struct text *rest, char byte)
{
    if (rest->length == 0 || rest->at[0] != byte)
        return false;
    *rest = text_slice(*rest, 1, rest->length);
    return true;
}

static bool take_clock(struct text *rest, struct tm *fields)
{
    return take_digits(rest, 2, &fields->tm_hour) && take_byte(rest, ':') &&
           take_digits(rest, 2, &fields->tm_min) && take_byte(rest, ':') &&
           take_digits(rest, 2, &fields->tm_sec);
}

#define LAST_SECOND INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

/* tm_year holds the full year, tm_mon 1 to 12. */
static enum status instant_of_fields(struct tm fields, int64_t offset_seconds, instant *at)
{
    if (fields.tm_year < 1970 || fields.tm_year > 9999 || fields.tm_hour > 23 ||
        fields.tm_min > 59 || fields.tm_sec > 59)
        return STATUS_INVALID;
    struct tm normal = {.tm_year = fields.tm_year - 1900,
                        .tm_mon = fields.tm_mon - 1,
                        .tm_mday = fields.tm_mday};
    time_t midnight = timegm(&normal);
    if (normal.tm_mon != fields.tm_mon - 1 || normal.tm_mday != fields.tm_mday)
        return STATUS_INVALID;
    int64_t seconds = (int64_t)midnight + fields.tm_hour * 3600 + fields.tm_min * 60 +
                      fields.tm_sec - offset_seconds;
    if (seconds < 0 || seconds > LAST_SECOND) /* an offset led out of the years above */
        return STATUS_INVALID;
    *at = instant_of_seconds(seconds);
    return STATUS_OK;
}

static bool take_fraction(struct text *rest, int64_t *us)
{
    *us = 0;
    if (!take_byte(rest, '.'))
        return true;
    size_t digits = 0;
    int digit;
    for (int64_t weight = SECOND_US / 10; take_digits(rest, 1, &digit); weight /= 10, digits++)
        *us += digit * weight;
    return digits > 0;
}

static bool take_offset(struct text *rest, int64_t *seconds)
{
    *seconds = 0;
    if (take_byte(rest, 'Z') || take_byte(rest, 'z'))
        return true;
    bool west = take_byte(rest, '-');
    if (!west && !take_byte(rest, '+'))
        return false;
    int hours;
    int minutes;
    if (!take_digits(rest, 2, &hours) || !take_byte(rest, ':') ||
        !take_digits(rest, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *seconds = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
    return true;
}

enum status instant_read(struct text written, instant *at)
{
    struct tm fields = {0};
    struct text rest = written;
    if (!take_digits(&rest, 4, &fields.tm_year) || !take_byte(&rest, '-') ||
        !take_digits(&rest, 2, &fields.tm_mon) || !take_byte(&rest, '-') ||
        !take_digits(&rest, 2, &fields.tm_mday))
        return STATUS_INVALID;
    int64_t us = 0;
    int64_t offset_seconds = 0;
    if (rest.length > 0) {
        if (!take_byte(&rest, 'T') && !take_byte(&rest, 't') && !take_byte(&rest, ' '))
            return STATUS_INVALID;
        if (!take_clock(&rest, &fields) || !take_fraction(&rest, &us) ||
            !take_offset(&rest, &offset_seconds) || rest.length > 0)
            return STATUS_INVALID;
    }
    instant read;
    TRY(instant_of_fields(fields, offset_seconds, &read));
    *at = (instant){read.us + us};
    return STATUS_OK;
}

static bool take_month_name(struct text *rest, int *month)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++) {
        if (text_starts_with(*rest, (struct text){names + 3 * i, 3})) {
            *month = i + 1;
            *rest = text_slice(*rest, 3, rest->length);
            return true;
        }
    }
    return false;
}

/* A year of two digits is the nearest such year not over 50 years ahead of 2026,
 * the rule of RFC 9110 section 5.6.7 with a fixed present. */
static bool take_short_year(struct text *rest, int *year)
{
    if (!take_digits(rest, 2, year))
        return false;
    *year += *year > 76 ? 1900 : 2000;
    return true;
}

static bool take_text(struct text *rest, struct text expected)
{
    if (!text_starts_with(*rest, expected))
        return false;
    *rest = text_slice(*rest, expected.length, rest->length);
    return true;
}

/* The name alone is read, not whether it fits the date. */
static bool take_day_name(struct text *rest, bool *is_short)
{
    static const struct text names[] = {TEXT_INITIAL("Sunday"),   TEXT_INITIAL("Monday"),
                                        TEXT_INITIAL("Tuesday"),  TEXT_INITIAL("Wednesday"),
                                        TEXT_INITIAL("Thursday"), TEXT_INITIAL("Friday"),
                                        TEXT_INITIAL("Saturday")};
    for (size_t i = 0; i < LENGTH_OF(names); i++) {
        *is_short = !take_text(rest, names[i]);
        if (!*is_short || take_text(rest, text_slice(names[i], 0, 3)))
            return true;
    }
    return false;
}

/* Sun, 06 Nov 1994 08:49:37 GMT, from the comma on. */
static bool take_imf_fixdate(struct text *rest, struct tm *f)
{
    return take_text(rest, TEXT(", ")) && take_digits(rest, 2, &f->tm_mday) &&
           take_byte(rest, ' ') && take_month_name(rest, &f->tm_mon) && take_byte(rest, ' ') &&
           take_digits(rest, 4, &f->tm_year) && take_byte(rest, ' ') && take_clock(rest, f) &&
           take_text(rest, TEXT(" GMT"));
}

/* Sunday, 06-Nov-94 08:49:37 GMT, from the comma on. */
static bool take_rfc850_date(struct text *rest, struct tm *f)
{
    return take_text(rest, TEXT(", ")) && take_digits(rest, 2, &f->tm_mday) &&
           take_byte(rest, '-') && take_month_name(rest, &f->tm_mon) && take_byte(rest, '-') &&
           take_short_year(rest, &f->tm_year) && take_byte(rest, ' ') && take_clock(rest, f) &&
           take_text(rest, TEXT(" GMT"));
}

/* Sun Nov  6 08:49:37 1994, from the month on. */
static bool take_asctime_date(struct text *rest, struct tm *f)
{
    return take_month_name(rest, &f->tm_mon) && take_byte(rest, ' ') &&
           (take_byte(rest, ' ') ? take_digits(rest, 1, &f->tm_mday)
                                 : take_digits(rest, 2, &f->tm_mday)) &&
           take_byte(rest, ' ') && take_clock(rest, f) && take_byte(rest, ' ') &&
           take_digits(rest, 4, &f->tm_year);
}

enum status instant_read_http_date(struct text written, instant *at)
{
    struct tm fields = {0};
    struct text rest = written;
    bool is_short;
    if (!take_day_name(&rest, &is_short))
        return STATUS_INVALID;
    bool is_date = !is_short               ? take_rfc850_date(&rest, &fields)
                   : take_byte(&rest, ' ') ? take_asctime_date(&rest, &fields)
                                           : take_imf_fixdate(&rest, &fields);
    return is_date && rest.length == 0 ? instant_of_fields(fields, 0, at) : STATUS_INVALID;
}
