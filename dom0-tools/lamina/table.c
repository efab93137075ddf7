/* SPDX-License-Identifier: MIT */
/*
 * Table: columns for people and JSON for programs, both laid out by libsmartcols.
 */
#include "lamina/table.h"

#include <errno.h>
#include <libsmartcols/libsmartcols.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "lamina/command.h"
#include "lamina/text.h"

struct table {
    struct libscols_table *scols;
    const struct table_column *columns;
    enum table_form form;
    struct libscols_line *line;                       /* the newest row */
    struct libscols_column *shown[TABLE_COLUMNS_MAX]; /* NULL: not in this form */
    bool failed;
};

static int json_type(unsigned kind)
{
    return kind & TABLE_NUMBER    ? SCOLS_JSON_NUMBER
           : kind & TABLE_BOOLEAN ? SCOLS_JSON_BOOLEAN_OPTIONAL
                                  : SCOLS_JSON_STRING;
}

static void add_column(struct table *table, unsigned index)
{
    const struct table_column *column = &table->columns[index];
    const char *name = table->form == TABLE_JSON ? column->key : column->heading;

    if (!name || (column->kind & TABLE_DETAIL && table->form == TABLE_ROWS))
        return;
    int flags = column->kind & TABLE_NUMBER ? SCOLS_FL_RIGHT : 0;
    table->shown[index] = scols_table_new_column(table->scols, name, 0, flags);
    if (!table->shown[index])
        table->failed = true;
    else
        scols_column_set_json_type(table->shown[index], json_type(column->kind));
}

/* A record's lines are the columns: their headings, then their values. */
static void add_record_columns(struct table *table)
{
    if (!scols_table_new_column(table->scols, "name", 0, 0) ||
        !scols_table_new_column(table->scols, "value", 0, 0))
        table->failed = true;
    scols_table_enable_noheadings(table->scols, 1);
    scols_table_set_column_separator(table->scols, " : ");
}

static void add_columns(struct table *table)
{
    if (table->form == TABLE_RECORD) {
        add_record_columns(table);
        return;
    }
    for (unsigned i = 0; i < TABLE_COLUMNS_MAX; i++) {
        if (!table->columns[i].key && !table->columns[i].heading)
            break;
        add_column(table, i);
    }
}

struct table *table_new(const char *name, const struct table_column *columns, enum table_form form)
{
    struct table *table = calloc(1, sizeof(*table));

    if (!table)
        return NULL;
    table->columns = columns;
    table->form = form;
    table->scols = scols_new_table();
    if (!table->scols) {
        free(table);
        return NULL;
    }
    scols_table_set_name(table->scols, name);
    scols_table_enable_json(table->scols, form == TABLE_JSON);
    scols_table_set_column_separator(table->scols, "  ");
    /* No cell is cut or folded for a narrow terminal: a command in it can be copied whole. */
    scols_table_set_termforce(table->scols, SCOLS_TERMFORCE_NEVER);
    add_columns(table);
    return table;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    scols_unref_table(table->scols);
    free(table);
}

void table_narrow(struct table *table)
{
    if (table)
        scols_table_set_column_separator(table->scols, " ");
}

void table_add_row(struct table *table)
{
    if (!table || table->form == TABLE_RECORD)
        return;
    table->line = scols_table_new_line(table->scols, NULL);
    table->failed |= !table->line;
}

static void set_record_line(struct table *table, unsigned column, const char *text)
{
    struct libscols_line *line;

    if (!table->columns[column].heading)
        return;
    line = scols_table_new_line(table->scols, NULL);
    if (!line || scols_line_set_data(line, 0, table->columns[column].heading) != 0 ||
        scols_line_set_data(line, 1, text) != 0)
        table->failed = true;
}

static void set_cell(struct table *table, unsigned column, const char *text)
{
    if (!table || table->failed)
        return;
    if (table->form == TABLE_RECORD)
        set_record_line(table, column, text);
    else if (table->shown[column] && table->line &&
             scols_line_set_column_data(table->line, table->shown[column], text) != 0)
        table->failed = true;
}

void table_set(struct table *table, unsigned column, const char *format, ...)
{
    char *raw, *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    int length = vasprintf(&raw, format, arguments);
    va_end(arguments);
    if (length >= 0) {
        text = text_make_utf8(raw);
        free(raw);
    }
    if (text)
        set_cell(table, column, text);
    else if (table)
        table->failed = true;
    free(text);
}

void table_set_number(struct table *table, unsigned column, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
    set_cell(table, column, text);
}

/* libsmartcols asks for 0 and 1 and writes true and false into JSON. */
void table_set_boolean(struct table *table, unsigned column, bool value)
{
    const char *word = value ? "yes" : "no";

    set_cell(table, column, table && table->form == TABLE_JSON ? (value ? "1" : "0") : word);
}

char *table_text(struct table *table)
{
    char *text = NULL;

    if (!table || table->failed || scols_print_table_to_string(table->scols, &text) != 0)
        return NULL;
    return text;
}

static int complain(struct table *table)
{
    table_free(table);
    return command_complain(LAMINA_FAILED, "lamina", strerror(ENOMEM));
}

/* libsmartcols prints nothing at all for a table without rows; a program still expects its list. */
static void print_empty(const struct table *table)
{
    if (table->form == TABLE_JSON)
        printf("{\n   \"%s\": []\n}\n", scols_table_get_name(table->scols));
}

int table_print(struct table *table)
{
    if (!table || table->failed)
        return complain(table);
    if (scols_table_is_empty(table->scols))
        print_empty(table);
    else if (scols_print_table(table->scols) != 0 && !ferror(stdout))
        return complain(table);
    table_free(table);
    return LAMINA_OK;
}
