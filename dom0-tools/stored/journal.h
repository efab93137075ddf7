/* SPDX-License-Identifier: MIT */
/*
 * Journal: the file that a killed daemon's successor starts from.
 *
 * It is a sequence of batches, each behind its length and checksum. A batch is written with one
 * call and is all that one turn of the server changed, so it counts as a whole or, when its end is
 * missing, not at all. The file outlives the process, not the machine: it belongs on a file system
 * that starts empty with the machine, as domains do.
 */
#ifndef LAMINA_STORED_JOURNAL_H
#define LAMINA_STORED_JOURNAL_H

#include "stored/store.h"

struct journal {
    int directory;
    int fd;
    size_t size;    /* of the whole batches in the file */
    size_t compact; /* size from which it pays to write the state anew */
    bool is_behind; /* a batch could not be written: the file is no longer the store */
};

/*
 * Opens the journal in `directory`, which is made when missing, and brings the empty *store to the
 * state it holds. Nobody else can have it open. Returns 0 or a negative errno value: -EBUSY (in
 * use), -EBADMSG (a whole batch that makes no sense), others of the system.
 */
int journal_open(struct journal *journal, const char *directory, struct store *store)
    __attribute__((warn_unused_result));

/*
 * Writes what store->journal holds, and empties it. Returns 0 or a negative errno value; then the
 * next call writes the whole state.
 */
int journal_commit(struct journal *journal, struct store *store)
    __attribute__((warn_unused_result));

void journal_close(struct journal *journal);

/*
 * Applies the batches in `data` that are whole, in order, up to the first that is not; returns
 * their size. *makes_sense becomes false when a whole one could not be applied.
 */
size_t journal_replay(struct store *store, const uint8_t *data, size_t size, bool *makes_sense);

/* Appends the records to `out` as a batch. */
void journal_append_batch(struct buffer *out, const struct buffer *records);

#endif
