#include "settings/forms.h"

#include <arpa/inet.h>

#define PORT_MAX 65535

/* inet_pton wants a C string; family is AF_INET or AF_INET6. */
static bool is_address(int family, struct text address)
{
    char written[INET6_ADDRSTRLEN];
    if (address.length == 0 || address.length >= sizeof(written))
        return false;
    memcpy(written, address.at, address.length);
    written[address.length] = '\0';
    struct in6_addr room;
    return inet_pton(family, written, &room) == 1;
}

static bool is_number_to(struct text digits, int64_t most)
{
    int64_t number;
    return digits.length <= 5 && text_is_digits(digits) &&
           text_read_integer(digits, &number) == STATUS_OK && number <= most;
}

enum status form_listen(struct text value, struct reason *reason)
{
    bool bracketed = text_starts_with(value, TEXT("["));
    size_t end = text_find(value, bracketed ? ']' : ':');
    struct text address = text_slice(value, bracketed, end);
    struct text port = text_slice(value, end + bracketed, value.length);
    if (is_address(bracketed ? AF_INET6 : AF_INET, address) &&
        text_starts_with(port, TEXT(":")) &&
        is_number_to(text_slice(port, 1, port.length), PORT_MAX))
        return STATUS_OK;
    return reason_set(reason, STATUS_INVALID,
                      "write an address and a port, such as 127.0.0.1:8080 or [::1]:8080");
}

static bool is_network(struct text network)
{
    bool has_prefix = text_find(network, '/') < network.length;
    struct text prefix = network;
    struct text address = text_cut(&prefix, '/');
    bool is_ipv4 = is_address(AF_INET, address);
    if (!is_ipv4 && !is_address(AF_INET6, address))
        return false;
    return !has_prefix || is_number_to(prefix, is_ipv4 ? 32 : 128);
}

enum status form_networks(struct text value, struct reason *reason)
{
    struct text rest = value.length > 0 ? value : (struct text){0};
    while (rest.at) {
        struct text network = text_trim(text_cut(&rest, ','));
        if (!is_network(network))
            return reason_set(reason, STATUS_INVALID,
                              "'%.*s' is no address; write addresses or networks parted by "
                              "commas, such as 127.0.0.1,10.0.0.0/8",
                              TEXT_PRINT(network));
    }
    return STATUS_OK;
}

static bool is_host(struct text host)
{
    if (text_starts_with(host, TEXT("[")))
        return host.at[host.length - 1] == ']' &&
               is_address(AF_INET6, text_slice(host, 1, host.length - 1));
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
    return is_host(text_slice(authority, 0, colon - 1)) &&
           is_number_to(text_slice(authority, colon, authority.length), PORT_MAX);
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
