/* SPDX-License-Identifier: MIT */
/*
 * Top table: a sample of all domains in the form that lamina top shows.
 */
#ifndef LAMINA_TOP_TABLE_H
#define LAMINA_TOP_TABLE_H

#include <stddef.h>

#include "lamina/sample.h"
#include "lamina/table.h"

/* For table_print() or table_text(); rows in the sample's order. */
struct table *top_table(const struct sample *sample, enum table_form form);

/* Two lines about the whole machine. */
void top_head(const struct sample *sample, char *text, size_t size);

#endif
