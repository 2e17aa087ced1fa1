#include "settings/forms.h"

#include "base/network.h"
#include "model/ranking.h"

#include <sys/socket.h>

enum status form_listen(struct text value, struct reason *reason)
{
    struct network address;
    uint16_t port;
    if (network_read_endpoint(value, &address, &port) == STATUS_OK)
        return STATUS_OK;
    return reason_set(reason, STATUS_INVALID,
                      "write an address and a port, such as 127.0.0.1:8080 or [::1]:8080");
}

enum status form_listen_or_nothing(struct text value, struct reason *reason)
{
    return value.length == 0 ? STATUS_OK : form_listen(value, reason);
}

enum status form_networks(struct text value, struct reason *reason)
{
    struct text rest = value.length > 0 ? value : (struct text){0};
    while (rest.at) {
        struct text written = text_trim(text_cut(&rest, ','));
        struct network network;
        if (network_read(written, &network) != STATUS_OK)
            return reason_set(reason, STATUS_INVALID,
                              "'%.*s' is no address; write addresses or networks parted by "
                              "commas, such as 127.0.0.1,10.0.0.0/8",
                              TEXT_PRINT(written));
    }
    return STATUS_OK;
}

static bool is_host(struct text host)
{
    struct network address;
    if (text_starts_with(host, TEXT("[")))
        return host.at[host.length - 1] == ']' &&
               network_read_address(text_slice(host, 1, host.length - 1), &address) ==
                   STATUS_OK &&
               address.family == AF_INET6;
    for (size_t i = 0; i < host.length; i++) {
        char byte = host.at[i];
        bool is_letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
        if (!is_letter && !(byte >= '0' && byte <= '9') && byte != '.' && byte != '-')
            return false;
    }
    return host.length > 0;
}

static bool is_authority(struct text authority)
{
    size_t colon = authority.length;
    while (colon > 0 && authority.at[colon - 1] >= '0' && authority.at[colon - 1] <= '9')
        colon--;
    bool has_port = colon > 0 && colon < authority.length && authority.at[colon - 1] == ':';
    if (!has_port)
        return is_host(authority);
    uint16_t port;
    return is_host(text_slice(authority, 0, colon - 1)) &&
           network_read_port(text_slice(authority, colon, authority.length), &port) ==
               STATUS_OK;
}

enum status form_public_url(struct text value, struct reason *reason)
{
    size_t scheme = text_starts_with(value, TEXT("https://"))  ? 8
                    : text_starts_with(value, TEXT("http://")) ? 7
                                                               : 0;
    if (value.length == 0 ||
        (scheme > 0 && is_authority(text_slice(value, scheme, value.length))))
        return STATUS_OK;
    return reason_set(reason, STATUS_INVALID,
                      "write it without a path, such as https://api.example.com");
}

static bool is_path(struct text path)
{
    for (size_t i = 0; i < path.length; i++)
        if (path.at[i] <= ' ' || path.at[i] == '?' || path.at[i] == '#' || path.at[i] == 0x7F)
            return false;
    return path.length == 0 || path.at[path.length - 1] != '/';
}

enum status form_base_url(struct text value, struct reason *reason)
{
    size_t scheme = text_starts_with(value, TEXT("https://"))  ? 8
                    : text_starts_with(value, TEXT("http://")) ? 7
                                                               : 0;
    struct text rest = text_slice(value, scheme, value.length);
    size_t slash = text_find(rest, '/');
    if (scheme > 0 && is_authority(text_slice(rest, 0, slash)) &&
        is_path(text_slice(rest, slash, rest.length)))
        return STATUS_OK;
    return reason_set(reason, STATUS_INVALID,
                      "write it without a '/' at its end, such as https://ads.example.com");
}

enum status countries_read(struct text value, bool *countries, struct reason *reason)
{
    bool named[COUNTRY_COUNT] = {0};
    struct text rest = value.length > 0 ? value : (struct text){0};
    bool is_every = text_equals(value, TEXT("every"));
    for (size_t i = 0; is_every && i < COUNTRY_COUNT; i++)
        named[i] = true;
    while (rest.at && !is_every) {
        struct text code = text_trim(text_cut(&rest, ','));
        unsigned index;
        if (country_find(code, &index) != STATUS_OK)
            return reason_set(reason, STATUS_INVALID,
                              "'%.*s' is no country; write codes such as US,MY, ALL for the "
                              "global list, or every for all of them",
                              TEXT_PRINT(code));
        named[index] = true;
    }
    memcpy(countries, named, sizeof(named));
    return STATUS_OK;
}

enum status form_countries(struct text value, struct reason *reason)
{
    bool countries[COUNTRY_COUNT];
    return countries_read(value, countries, reason);
}

enum status periods_read(struct text value, bool *periods, struct reason *reason)
{
    bool named[PERIOD_COUNT] = {0};
    struct text rest = value;
    if (!rest.at)
        rest = TEXT("");
    while (rest.at) {
        struct text days = text_trim(text_cut(&rest, ','));
        int64_t number;
        unsigned index;
        if (text_read_integer(days, &number) != STATUS_OK ||
            period_find(number, &index) != STATUS_OK)
            return reason_set(reason, STATUS_INVALID,
                              "'%.*s' is no period; write 7, 30 or 120, or several of them",
                              TEXT_PRINT(days));
        named[index] = true;
    }
    memcpy(periods, named, sizeof(named));
    return STATUS_OK;
}

enum status form_periods(struct text value, struct reason *reason)
{
    bool periods[PERIOD_COUNT];
    return periods_read(value, periods, reason);
}

enum status form_open_or_closed(struct text value, struct reason *reason)
{
    if (text_equals(value, TEXT("open")) || text_equals(value, TEXT("closed")))
        return STATUS_OK;
    return reason_set(reason, STATUS_INVALID, "write open or closed");
}
