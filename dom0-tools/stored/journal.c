/* SPDX-License-Identifier: MIT */
/*
 * Journal: appends batches; once the file has grown to a multiple of the state, writes the state to
 * a new file which takes the old one's name. A lock on a file beside it keeps a second daemon out.
 */
#include "stored/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "common/io.h"
#include "stored/replay.h"

#define STATE_NAME "state"
#define NEW_NAME   "state.new"
#define LOCK_NAME  "lock"

/* Below this a file is never written anew, and from there on only at four times the state. */
#define COMPACT_MIN   ((size_t)1 << 20)
#define COMPACT_TIMES 4

struct batch_header {
    uint32_t size; /* of the records */
    uint32_t crc;
};

static uint32_t checksum(const uint8_t *data, size_t size)
{
    return (uint32_t)crc32_z(0, data, size);
}

void journal_append_batch(struct buffer *out, const struct buffer *records)
{
    struct batch_header header = { (uint32_t)records->size,
                                   checksum(records->data, records->size) };

    buffer_append(out, &header, sizeof(header));
    buffer_append(out, records->data, records->size);
}

size_t journal_replay(struct store *store, const uint8_t *data, size_t size, bool *makes_sense)
{
    struct batch_header header;
    size_t pos = 0;

    *makes_sense = true;
    while (size - pos >= sizeof(header)) {
        memcpy(&header, data + pos, sizeof(header));
        const uint8_t *records = data + pos + sizeof(header);
        if (header.size > size - pos - sizeof(header) ||
            checksum(records, header.size) != header.crc)
            break;
        if (!replay_records(store, records, header.size)) {
            *makes_sense = false;
            break;
        }
        pos += sizeof(header) + header.size;
    }
    return pos;
}

/* Writes the whole state to a new file and lets it take the place of the old one. */
static int journal_compact(struct journal *journal, struct store *store)
{
    struct buffer records = { 0 }, batch = { 0 };
    int fd = openat(journal->directory, NEW_NAME, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0)
        return -errno;
    snapshot_records(store, &records);
    journal_append_batch(&batch, &records);
    int rc = write_all(fd, batch.data, batch.size);
    if (rc == 0 && renameat(journal->directory, NEW_NAME, journal->directory, STATE_NAME) != 0)
        rc = -errno;
    if (rc == 0) {
        if (journal->fd >= 0)
            close(journal->fd);
        journal->fd = fd;
        journal->size = batch.size;
        journal->compact =
            batch.size * COMPACT_TIMES > COMPACT_MIN ? batch.size * COMPACT_TIMES : COMPACT_MIN;
        journal->is_behind = false;
    } else {
        close(fd);
    }
    buffer_free(&records);
    buffer_free(&batch);
    return rc;
}

static int journal_append(struct journal *journal, struct store *store)
{
    struct buffer batch = { 0 };

    journal_append_batch(&batch, &store->journal);
    int rc = write_all(journal->fd, batch.data, batch.size);
    if (rc == 0)
        journal->size += batch.size;
    else if (ftruncate(journal->fd, (off_t)journal->size) != 0 ||
             lseek(journal->fd, 0, SEEK_END) < 0)
        rc = -errno;
    buffer_free(&batch);
    return rc;
}

int journal_commit(struct journal *journal, struct store *store)
{
    int rc = 0;

    if (store->journal.size == 0)
        return 0;
    if (journal->is_behind)
        rc = journal_compact(journal, store);
    else if (journal_append(journal, store) != 0 || journal->size > journal->compact) {
        journal->is_behind = true;
        rc = journal_compact(journal, store);
    }
    store->journal.size = 0;
    return rc;
}

static int load(struct journal *journal, struct store *store)
{
    uint8_t *data;
    size_t size;
    bool makes_sense = true;
    int fd = openat(journal->directory, STATE_NAME, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return errno == ENOENT ? 0 : -errno;
    int rc = read_whole(fd, SIZE_MAX - 1, &data, &size);
    close(fd);
    if (rc)
        return rc;
    (void)journal_replay(store, data, size, &makes_sense);
    free(data);
    return makes_sense ? 0 : -EBADMSG;
}

static int lock(struct journal *journal)
{
    int fd = openat(journal->directory, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return -errno;
    /* The descriptor stays open, and the lock with it, until the process ends. */
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return errno == EWOULDBLOCK ? -EBUSY : -errno;
    }
    return 0;
}

int journal_open(struct journal *journal, const char *directory, struct store *store)
{
    *journal = (struct journal){ .directory = -1, .fd = -1 };
    if (mkdir(directory, 0700) != 0 && errno != EEXIST)
        return -errno;
    journal->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (journal->directory < 0)
        return -errno;
    int rc = lock(journal);
    if (rc == 0)
        rc = load(journal, store);
    /* What was read is written anew: a torn end is gone, and the file is as short as it can be. */
    return rc ? rc : journal_compact(journal, store);
}

void journal_close(struct journal *journal)
{
    if (journal->fd >= 0)
        close(journal->fd);
    if (journal->directory >= 0)
        close(journal->directory);
}
