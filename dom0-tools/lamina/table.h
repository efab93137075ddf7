/* SPDX-License-Identifier: MIT */
/*
 * Table: what a listing shows, once for people and once for programs.
 *
 * A listing declares its columns. Those with a heading are shown to people, in aligned columns (or,
 * for a record, one below the other); those with a key go into JSON, always all of them, null when
 * not set: {"NAME": [{"KEY": VALUE, ...}, ...]}. A value that both want in different units has two
 * columns. The shapes are documented in lamina.schema.json, which a test holds them to.
 *
 * Cells may hold any bytes: what could steer a terminal or break JSON is escaped. Memory that ran
 * out is told by table_print().
 */
#ifndef LAMINA_TABLE_H
#define LAMINA_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* What a column holds; TABLE_ROWS leaves details out. */
enum { TABLE_TEXT = 0, TABLE_NUMBER = 1, TABLE_BOOLEAN = 2, TABLE_DETAIL = 4 };

struct table_column {
    const char *key;     /* member in JSON, small letters; NULL: for people only */
    const char *heading; /* NULL: for programs only */
    unsigned kind;
};

#define TABLE_COLUMNS_MAX 40u

enum table_form {
    TABLE_ROWS,   /* a heading, then a line each row */
    TABLE_LONG,   /* the same with the details */
    TABLE_RECORD, /* one row, a line each column that was set */
    TABLE_JSON,
};

struct table;

/* The columns end with one that has neither key nor heading, and must outlive the table. */
struct table *table_new(const char *name, const struct table_column *columns, enum table_form form);
void table_free(struct table *table); /* NULL is nothing */

/* One blank between columns instead of two. */
void table_narrow(struct table *table);

/* The cells set from now on are those of a new row. */
void table_add_row(struct table *table);

/* A cell of the newest row; nothing is done for a column that this form does not show. */
void table_set(struct table *table, unsigned column, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void table_set_number(struct table *table, unsigned column, uint64_t value);
void table_set_boolean(struct table *table, unsigned column, bool value);

/* Prints and frees the table: LAMINA_OK, or LAMINA_FAILED after saying why. */
int table_print(struct table *table);

/* The lines as one text, to be freed; NULL: no memory. The table stays. */
char *table_text(struct table *table);

#endif
