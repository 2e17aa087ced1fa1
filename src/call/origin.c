#include "call/origin.h"

/* An origin leaves out the port that its scheme implies (RFC 6454 section 6.2). */
static struct text without_implied_port(struct text url)
{
    bool is_secure = text_starts_with(url, TEXT("https://"));
    struct text port = is_secure ? TEXT(":443") : TEXT(":80");
    size_t start = url.length > port.length ? url.length - port.length : 0;
    return text_equals(text_slice(url, start, url.length), port) ? text_slice(url, 0, start)
                                                                 : url;
}

/* With a port or without; nothing else may follow, and a name may lead anywhere. */
static bool is_loopback(struct text authority)
{
    static const struct text hosts[] = {TEXT_INITIAL("127.0.0.1"), TEXT_INITIAL("localhost"),
                                        TEXT_INITIAL("[::1]")};
    for (size_t i = 0; i < LENGTH_OF(hosts); i++) {
        struct text host = text_slice(authority, 0, hosts[i].length);
        struct text rest = text_slice(authority, hosts[i].length, authority.length);
        if (text_equals_ignoring_case(host, hosts[i]) &&
            (rest.length == 0 || rest.at[0] == ':'))
            return true;
    }
    return false;
}

static bool is_of_host(struct text origin, struct text scheme, struct text host)
{
    return host.length > 0 && text_starts_with(origin, scheme) &&
           text_equals_ignoring_case(text_slice(origin, scheme.length, origin.length), host);
}

static struct text origin_of(const struct http_request *request)
{
    struct text name = TEXT("Origin");
    return http_request_field_count(request, name) == 1 ? http_request_field(request, name)
                                                        : (struct text){0};
}

bool origin_is_known(const struct http_request *request, struct text public_url)
{
    struct text origin = origin_of(request);
    struct text host = http_request_field(request, TEXT("Host"));
    if (public_url.length > 0 &&
        text_equals_ignoring_case(origin, without_implied_port(public_url)))
        return true;
    return is_loopback(host) && is_of_host(origin, TEXT("http://"), host);
}

static bool is_of_asked_host(const struct http_request *request)
{
    struct text origin = origin_of(request);
    struct text host = http_request_field(request, TEXT("Host"));
    return is_of_host(origin, TEXT("https://"), host) ||
           is_of_host(origin, TEXT("http://"), host);
}

bool origin_may_change(const struct http_request *request, struct text public_url)
{
    if (http_request_field(request, TEXT("Origin")).at)
        return origin_is_known(request, public_url) ||
               (public_url.length == 0 && is_of_asked_host(request));
    struct text site = TEXT("Sec-Fetch-Site");
    return http_request_field_count(request, site) == 1 &&
           text_equals(http_request_field(request, site), TEXT("same-origin"));
}
