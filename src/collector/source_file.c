/* file: captures that somebody puts into a folder.
 *
 * Looked at are regular files of that folder itself whose names end in .json, .ndjson, .jsonl or
 * .csv; hidden ones, links, folders and all other names are passed over. They are never changed,
 * moved or removed. One that stands still from one look to the next counts as written; who renames
 * it into the folder need not rely on that. */
#include "collector/source_answer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_FILES_MAX 10000 /* of any kind: each is looked at, in some 2 us */

enum entry_state {
    ENTRY_MOVES,     /* seen once as it is */
    ENTRY_IS_STILL,  /* and once more */
    ENTRY_IS_PASSED, /* until the next look */
    ENTRY_IS_KNOWN,  /* until it changes */
};

struct entry {
    struct seen_file file;
    enum entry_state state;
};

struct entries {
    struct entry *at; /* by name; grown */
    size_t count, room;
};

struct watched {
    struct text folder;
    struct entries entries;
    bool was_seen; /* by the last look */
};

static struct watched *folder_open(const struct source_options *options)
{
    struct watched *watched = memory_take_zeroed(1, sizeof(*watched));
    watched->folder = options->folder;
    return watched;
}

static void folder_close(struct watched *watched)
{
    free(watched->entries.at);
    free(watched);
}

/* ---- A look ---- */

static bool is_capture_name(const char *name)
{
    static const struct text endings[] = {TEXT_INITIAL(".json"), TEXT_INITIAL(".ndjson"),
                                          TEXT_INITIAL(".jsonl"), TEXT_INITIAL(".csv")};
    struct text whole = text_of(name);
    if (name[0] == '.' || whole.length >= SEEN_NAME_BYTES_MAX || !text_is_plain(whole))
        return false;
    for (size_t i = 0; i < LENGTH_OF(endings); i++) {
        size_t length = endings[i].length;
        if (whole.length > length &&
            text_equals_ignoring_case(text_slice(whole, whole.length - length, whole.length),
                                      endings[i]))
            return true;
    }
    return false;
}

static int64_t nanoseconds(const struct timespec *time)
{
    return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

static void file_fill(const struct stat *stat, struct seen_file *file)
{
    file->bytes = stat->st_size;
    file->modified_ns = nanoseconds(&stat->st_mtim);
    file->changed_ns = nanoseconds(&stat->st_ctim);
}

static bool is_unchanged(const struct seen_file *a, const struct seen_file *b)
{
    return a->bytes == b->bytes && a->modified_ns == b->modified_ns &&
           a->changed_ns == b->changed_ns;
}

/* False: what it is cannot be told, which is not to say that it is gone. */
static bool entry_add(struct entries *entries, int folder, const char *name)
{
    struct stat stat;
    if (!is_capture_name(name))
        return true;
    if (fstatat(folder, name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT;
    if (!S_ISREG(stat.st_mode))
        return true;
    if (entries->count == entries->room) {
        entries->room = entries->room ? 2 * entries->room : 64;
        entries->at = memory_grow(entries->at, entries->room * sizeof(*entries->at));
    }
    struct entry *entry = &entries->at[entries->count++];
    *entry = (struct entry){.state = ENTRY_MOVES};
    memcpy(entry->file.name, name, strlen(name) + 1);
    file_fill(&stat, &entry->file);
    return true;
}

static enum status folder_fault(const struct watched *watched, struct reason *reason)
{
    int number = errno;
    if (number == ENOENT || number == ENOTDIR)
        return reason_set(reason, STATUS_MISSING,
                          "there is no folder %.*s: make it, or set [source.file] folder",
                          TEXT_PRINT(watched->folder));
    return reason_set(reason, STATUS_IO,
                      "the folder %.*s cannot be read: %s: let the user that trendgate runs as "
                      "read it",
                      TEXT_PRINT(watched->folder), strerror(number));
}

static enum status entries_read(const struct watched *watched, DIR *folder,
                                struct entries *entries, struct reason *reason)
{
    size_t count = 0;
    for (;;) {
        errno = 0;
        struct dirent *found = readdir(
            folder); /* NOLINT(concurrency-mt-unsafe): this thread's */
        if (!found && errno != 0)
            return folder_fault(watched, reason);
        if (!found)
            return STATUS_OK;
        if (count++ >= FOLDER_FILES_MAX + 2) /* itself and its parent */
            return reason_set(reason, STATUS_TOO_LARGE,
                              "the folder %.*s holds more than %d files: move those that were "
                              "read to another one",
                              TEXT_PRINT(watched->folder), FOLDER_FILES_MAX);
        if (!entry_add(entries, dirfd(folder), found->d_name))
            return folder_fault(watched, reason);
    }
}

static int compare_names(const void *a, const void *b)
{
    const struct entry *left = a;
    const struct entry *right = b;
    return strcmp(left->file.name, right->file.name);
}

static struct entry *entry_of(const struct entries *entries, const char *name)
{
    struct entry wanted;
    (void)snprintf(wanted.file.name, sizeof(wanted.file.name), "%s", name);
    return entries->count == 0 ? NULL
                               : bsearch(&wanted, entries->at, entries->count,
                                         sizeof(*entries->at), compare_names);
}

/* Returns how many of before are there still. */
static size_t states_carry_over(const struct entries *before, struct entries *now)
{
    size_t count = 0;
    for (size_t i = 0; i < now->count; i++) {
        const struct entry *known = entry_of(before, now->at[i].file.name);
        count += known != NULL;
        if (known && is_unchanged(&known->file, &now->at[i].file))
            now->at[i].state = known->state == ENTRY_IS_KNOWN ? ENTRY_IS_KNOWN : ENTRY_IS_STILL;
    }
    return count;
}

static enum status folder_look(struct watched *watched, bool *has_lost, struct reason *reason)
{
    struct entries entries = {0};
    DIR *folder = opendir(watched->folder.at);
    enum status status = folder ? entries_read(watched, folder, &entries, reason)
                                : folder_fault(watched, reason);
    if (folder)
        check(closedir(folder) == 0);
    if (status != STATUS_OK)
        entries.count = 0;
    if (entries.count > 0)
        qsort(entries.at, entries.count, sizeof(*entries.at), compare_names);
    size_t left = states_carry_over(&watched->entries, &entries);
    *has_lost = !watched->was_seen || left < watched->entries.count;
    free(watched->entries.at);
    watched->entries = entries;
    watched->was_seen = status == STATUS_OK;
    return status;
}

static bool folder_next(struct watched *watched, struct seen_file *file)
{
    for (size_t i = 0; i < watched->entries.count; i++) {
        if (watched->entries.at[i].state != ENTRY_IS_STILL)
            continue;
        *file = watched->entries.at[i].file;
        return true;
    }
    return false;
}

static void folder_pass(struct watched *watched, const struct seen_file *file, bool for_good)
{
    struct entry *entry = entry_of(&watched->entries, file->name);
    if (entry && is_unchanged(&entry->file, file))
        entry->state = for_good ? ENTRY_IS_KNOWN : ENTRY_IS_PASSED;
}

static size_t folder_moving(const struct watched *watched)
{
    size_t count = 0;
    for (size_t i = 0; i < watched->entries.count; i++)
        count += watched->entries.at[i].state == ENTRY_MOVES;
    return count;
}

static bool folder_has(const struct watched *watched, const char *name)
{
    return entry_of(&watched->entries, name) != NULL;
}

/* ---- A file ---- */

static enum status file_fault(const struct seen_file *file, struct reason *reason)
{
    int number = errno;
    if (number == ENOENT || number == ELOOP)
        return reason_set(reason, STATUS_BUSY, "%s is gone", file->name);
    if (number == EACCES || number == EPERM)
        return reason_set(
            reason, STATUS_FORBIDDEN,
            "%s: it cannot be opened: let the user that trendgate runs as read it", file->name);
    return reason_set(reason, STATUS_IO, "%s cannot be read: %s", file->name, strerror(number));
}

static enum status file_check(int descriptor, const struct seen_file *file,
                              struct reason *reason)
{
    struct stat stat;
    struct seen_file now;
    if (fstat(descriptor, &stat) != 0)
        return file_fault(file, reason);
    file_fill(&stat, &now);
    if (!is_unchanged(&now, file))
        return reason_set(reason, STATUS_BUSY, "%s has changed", file->name);
    return STATUS_OK;
}

static enum status bytes_read(int descriptor, const struct seen_file *file,
                              struct buffer *contents, struct reason *reason)
{
    char *room = buffer_reserve(contents, (size_t)file->bytes + 1);
    while (contents->length < (size_t)file->bytes) {
        ssize_t length = read(descriptor, room + contents->length,
                              (size_t)file->bytes - contents->length);
        if (length < 0 && errno == EINTR)
            continue;
        if (length < 0)
            return file_fault(file, reason);
        if (length == 0)
            return reason_set(reason, STATUS_BUSY, "%s has changed", file->name);
        contents->length += (size_t)length;
    }
    return STATUS_OK;
}

/* The same before and after: what was read is one content. */
static enum status contents_read(int descriptor, const struct seen_file *file,
                                 struct buffer *contents, struct reason *reason)
{
    TRY(file_check(descriptor, file, reason));
    TRY(bytes_read(descriptor, file, contents, reason));
    return file_check(descriptor, file, reason);
}

static enum status file_contents(const struct watched *watched, const struct seen_file *file,
                                 struct buffer *contents, struct reason *reason)
{
    char path[PATH_BYTES_MAX + SEEN_NAME_BYTES_MAX];
    int length = snprintf(path, sizeof(path), "%.*s/%s", TEXT_PRINT(watched->folder),
                          file->name);
    check(length > 0 && length < (int)sizeof(path));
    if (file->bytes > CAPTURE_BYTES_MAX)
        return reason_set(reason, STATUS_TOO_LARGE, "%s: it is over %d MB: split it",
                          file->name, CAPTURE_BYTES_MAX >> 20);
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (descriptor < 0)
        return file_fault(file, reason);
    enum status status = contents_read(descriptor, file, contents, reason);
    check(close(descriptor) == 0);
    return status;
}

/* One page of a list is no list; the first one may be all that there is. */
static enum status pages_refuse(const struct seen_file *file, const struct capture *capture,
                                struct reason *reason)
{
    for (size_t i = 0; i < capture->ranking_count; i++) {
        const struct ranking *ranking = &capture->rankings[i];
        if (ranking->hashtag_count > 0 && ranking->hashtags[0].rank > 1)
            return reason_set(reason, STATUS_INVALID,
                              "%s: the list %.*s, %d days, begins with rank %lld there: give "
                              "its pages in one "
                              "file, or all at once to `trendgate import`",
                              file->name, TEXT_PRINT(country_at(ranking->list.country)->code),
                              period_days[ranking->list.period],
                              (long long)ranking->hashtags[0].rank);
    }
    return STATUS_OK;
}

static enum status folder_read(struct watched *watched, const struct seen_file *file,
                               instant now, struct arena *arena, struct capture *capture,
                               struct reason *reason)
{
    struct buffer contents CLEANUP(buffer_finish);
    buffer_init(&contents, CAPTURE_BYTES_MAX + 1);
    TRY(file_contents(watched, file, &contents, reason));
    const struct capture_options options = {
        .source = TEXT("file"), .file_name = text_of(file->name), .now = now};
    struct capture read;
    enum status status = capture_read(buffer_text(&contents), &options, arena, &read, reason);
    if (status == STATUS_MISSING)
        return reason_set(reason, STATUS_INVALID,
                          "%s: which list it is stays unknown: say it in its name, such as "
                          "MY-7d-2025-10-01.csv: country, period and day of the capture",
                          file->name);
    TRY(status);
    TRY(pages_refuse(file, &read, reason));
    *capture = read;
    return STATUS_OK;
}

static enum status accepts(const struct source_options *options, struct reason *reason)
{
    if (options->folder.length == 0)
        return reason_set(reason, STATUS_INVALID,
                          "folder is missing: name the folder that captures are put into");
    if (options->folder.length >= PATH_BYTES_MAX)
        return reason_set(reason, STATUS_INVALID, "folder is longer than a path can be");
    return STATUS_OK;
}

static const struct source_watch folder = {
    .open = folder_open,
    .close = folder_close,
    .look = folder_look,
    .next = folder_next,
    .pass = folder_pass,
    .moving = folder_moving,
    .has = folder_has,
    .read = folder_read,
};

const struct source source_file = {
    .name = "file",
    .preference = 4,
    .patience = {{INT64_C(5) * SECOND_US}, {INT64_C(60) * SECOND_US}}, /* it is ours to mend */
    .accepts = accepts,
    .watch = &folder,
    .gives = source_gives_none,
};
