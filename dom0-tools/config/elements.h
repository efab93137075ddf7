/* SPDX-License-Identifier: MIT */
/*
 * Elements: the readers of the elements below <domain>, one a file or a few small ones together.
 * Each reports what it finds wrong and goes on, so that one run names every fault.
 */
#ifndef LAMINA_CONFIG_ELEMENTS_H
#define LAMINA_CONFIG_ELEMENTS_H

#include "config/element.h"

/* The children of the root, and what holds between them. */
void domain_read(struct element_reader *reader, xmlNode *root);

/*
 * Whether this is a file for us at all: root, hypervisor, kind of guest. False after one error that
 * says it in a line; nothing else about such a file is worth saying.
 */
bool domain_check_kind(struct element_reader *reader, xmlNode *root);

/* Readers for tables; object is the struct domain_config. */
void os_read(struct element_reader *reader, xmlNode *node, void *object);
void cputune_read(struct element_reader *reader, xmlNode *node, void *object);
void clock_read(struct element_reader *reader, xmlNode *node, void *object);
void devices_read(struct element_reader *reader, xmlNode *node, void *object);
void disk_read(struct element_reader *reader, xmlNode *node, void *object);
void interface_read(struct element_reader *reader, xmlNode *node, void *object);
void console_read(struct element_reader *reader, xmlNode *node, void *object);

/* The schema that ships, as text. */
extern const char domain_schema[];
extern const size_t domain_schema_size;

/* Reports where the document leaves the schema. */
void domain_check_schema(struct element_reader *reader, xmlDoc *document);

/* Names as in the file, in the order of their enum, NULL at the end. */
extern const char *const clock_offset_names[];

#endif
