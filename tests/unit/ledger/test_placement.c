/* placement.h: addresses of servers; cluster_queue.h: whose turn it is. */
#include "ledger/cluster_queue.h"
#include "ledger/placement.h"
#include "support/unit.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* ---- Addresses ---- */

static void assert_address(const char *home, const char *host, int64_t port, const char *wanted)
{
    char address[512];
    assert_int_equal(placement_address(home, text_of(host), port, address, sizeof(address)),
                     STATUS_OK);
    assert_string_equal(address, wanted);
}

static void an_address_has_the_user_and_the_options_of_home(void **state)
{
    (void)state;
    assert_address("postgresql://u:p@c:5432/d", "w1.example.com", 5433,
                   "postgresql://u:p@c:5432/d?host=w1.example.com&port=5433&hostaddr=");
    assert_address("postgres://u@/d?host=c&sslmode=require", "w2", 5432,
                   "postgres://u@/d?host=c&sslmode=require&host=w2&port=5432&hostaddr=");
}

/* What RFC 3986 leaves as it is, but for two marks; all else by its hexadecimal digits. */
static void each_byte_of_a_host_is_written_one_way(void **state)
{
    (void)state;
    char host[256], wanted[1024], address[2048];
    size_t length = 0;
    for (size_t i = 0; i < sizeof(host); i++) {
        unsigned char byte = (unsigned char)(i > 0 ? i : 1);
        bool is_plain = (byte < 0x80 && isalnum(byte)) || byte == '.' || byte == '-';
        host[i] = (char)byte;
        length += (size_t)snprintf(wanted + length, sizeof(wanted) - length,
                                   is_plain ? "%c" : "%%%02X", byte);
    }
    assert_int_equal(placement_address("postgresql://c/d", (struct text){host, sizeof(host)},
                                       5432, address, sizeof(address)),
                     STATUS_OK);
    char whole[2048];
    (void)snprintf(whole, sizeof(whole),
                   "postgresql://c/d?host=%s&port=5432&hostaddr=", wanted);
    assert_string_equal(address, whole);
}

static void a_host_cannot_bring_parameters_along(void **state)
{
    (void)state;
    assert_address("postgresql://c/d", "/run/a b", 1,
                   "postgresql://c/d?host=%2Frun%2Fa%20b&port=1&hostaddr=");
    assert_address("postgresql://c/d", "w&user=x#%", 1,
                   "postgresql://c/d?host=w%26user%3Dx%23%25&port=1&hostaddr=");
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    char address[32], host[300];
    memset(host, 'h', sizeof(host));
    assert_int_equal(
        placement_address("postgresql://c/d", TEXT("worker"), 5432, address, sizeof(address)),
        STATUS_TOO_LARGE);
    char large[1024];
    assert_int_equal(placement_address("postgresql://c/d", (struct text){host, sizeof(host)},
                                       5432, large, sizeof(large)),
                     STATUS_TOO_LARGE);
}

/* ---- Lines ---- */

#define CHARGES 8

static struct charge charges[CHARGES];
static struct cluster_queue queue;

static void add(const int64_t *accounts, size_t count, bool is_by_bucket)
{
    queue_init(&queue);
    queue.is_by_bucket = is_by_bucket;
    struct charge_list list = {.last_link = &list.first};
    for (size_t i = 0; i < count; i++) {
        charges[i] = (struct charge){.account_id = accounts[i]};
        *list.last_link = &charges[i];
        list.last_link = &charges[i].next;
        list.count++;
    }
    queue_add(&queue, &list);
    assert_null(list.first);
}

/* Returns the line; accounts: in their order, 0 after the last. */
static unsigned assert_taken(size_t most, const int64_t *accounts)
{
    unsigned line = 99;
    size_t count;
    struct charge *taken = queue_take(&queue, most, &line, &count);
    for (; taken; taken = taken->next, accounts++, count--)
        assert_int_equal(taken->account_id, *accounts);
    assert_int_equal(*accounts, 0);
    assert_int_equal(count, 0);
    return line;
}

static void one_server_has_one_line_for_all_lanes(void **state)
{
    (void)state;
    add((const int64_t[]){1, 2, 65, 3}, 4, false);
    (void)assert_taken(3, (const int64_t[]){1, 2, 65, 0});
    (void)assert_taken(3, (const int64_t[]){3, 0});
    (void)assert_taken(3, (const int64_t[]){0});
}

static void each_bucket_has_a_line_and_they_come_in_turn(void **state)
{
    (void)state;
    add((const int64_t[]){65, 2, 1, 129, 66, 63}, 6, true);
    assert_int_equal(assert_taken(2, (const int64_t[]){65, 1, 0}), 1);
    queue_done(&queue, 1);
    assert_int_equal(assert_taken(9, (const int64_t[]){2, 66, 0}), 2);
    assert_int_equal(assert_taken(9, (const int64_t[]){63, 0}), 63);
    assert_int_equal(assert_taken(9, (const int64_t[]){129, 0}), 1);
}

static void a_bucket_at_work_waits_for_its_end(void **state)
{
    (void)state;
    add((const int64_t[]){64, 128}, 2, true);
    unsigned line = assert_taken(1, (const int64_t[]){64, 0});
    (void)assert_taken(1, (const int64_t[]){0});
    queue_done(&queue, line);
    assert_int_equal(assert_taken(1, (const int64_t[]){128, 0}), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_has_the_user_and_the_options_of_home),
        cmocka_unit_test(each_byte_of_a_host_is_written_one_way),
        cmocka_unit_test(a_host_cannot_bring_parameters_along),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(one_server_has_one_line_for_all_lanes),
        cmocka_unit_test(each_bucket_has_a_line_and_they_come_in_turn),
        cmocka_unit_test(a_bucket_at_work_waits_for_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
