/* limits: how often one address, account or session may do what is dear or could be guessed.
 *
 * Each limit counts in windows that begin with the first attempt. They are kept in memory only,
 * LIMITS_PLACES of them, found by a hash whose key nobody knows: where places run out, the window
 * that began first makes room. Shared: its own lock; time is the clock that never steps. */
#pragma once

#include "base/instant.h"

#define LIMITS_PLACES 8192

struct limits;

enum limit_kind {
    LIMIT_SIGN_IN_ACCOUNT, /* sign-ins with one mail address; apart from them, so that strangers
                              hinder nobody, changes of password by one account */
    LIMIT_SIGN_IN_ADDRESS, /* the same from one network address */
    LIMIT_SIGN_UP_ADDRESS, /* new accounts from one network address */
    LIMIT_KEYS,   /* new keys of one account, made or rotated: each stays in the books */
    LIMIT_BROWSE, /* looks at lists by one session */
    LIMIT_KINDS
};

struct limits *limits_open(const struct time_source *time);
void limits_close(struct limits *limits);

/* Counts one more; 0: it may be done. Else it is not counted, and this is how many whole seconds,
 * rounded up, are left of the window. */
int64_t limits_take(struct limits *limits, enum limit_kind kind, struct text who);

/* Takes the last one back: what turned out to be no guess. */
void limits_give_back(struct limits *limits, enum limit_kind kind, struct text who);

/* Forgets what was counted: for who has proved to be no guesser. */
void limits_clear(struct limits *limits, enum limit_kind kind, struct text who);

/* An address as limits count it: IPv6 by networks of 64 bits, IPv4 within IPv6 as IPv4. */
#define ADDRESS_ROOM_BYTES 64
struct text limits_address(struct text address, char room[ADDRESS_ROOM_BYTES]);
