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
 * new one by this. A note that cannot be written is told in the log.
 */
void note_text(struct store_client *store, unsigned domid, const char *leaf, const char *text);
void note_number(struct store_client *store, unsigned domid, const char *leaf, unsigned number);

/* 0 when there is none. */
unsigned note_read_number(struct store_client *store, unsigned domid, const char *leaf);

/* Milliseconds since the domain was started; UINT64_MAX: not known. */
uint64_t note_age_ms(struct store_client *store, unsigned domid);

#endif
