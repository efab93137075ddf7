/* SPDX-License-Identifier: MIT */
/*
 * Notes: laminad's own leaves in a domain's record.
 */
#ifndef LAMINA_LAMINAD_NOTE_H
#define LAMINA_LAMINAD_NOTE_H

#include <stdint.h>

#include "store/client.h"

/*
 * Writes a leaf if there is a record: a domain that has been taken apart meanwhile does not get a
 * new one by this. 0, or a negative errno value; a note that cannot be written is told in the log.
 */
int note_text(struct store_client *store, unsigned domid, const char *leaf, const char *text);
int note_number(struct store_client *store, unsigned domid, const char *leaf, unsigned number);

/* *number is 0 when there is none. 0, or a negative errno value. */
int note_read_number(struct store_client *store, unsigned domid, const char *leaf,
                     unsigned *number) __attribute__((warn_unused_result));

/* Milliseconds since the domain was started; UINT64_MAX: not known. 0, or a negative errno. */
int note_age_ms(struct store_client *store, unsigned domid, uint64_t *age)
    __attribute__((warn_unused_result));

#endif
