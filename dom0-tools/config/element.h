/* SPDX-License-Identifier: MIT */
/*
 * Element: reading one XML element by a table that names its children and attributes.
 *
 * Every child element meets one of four fates, and an unknown one or an unknown attribute is
 * warned about, so that nothing is passed over in silence. Kept elements are appended to the XML
 * text *kept, from where writing takes them; where kept is NULL the warning says that they are
 * dropped.
 */
#ifndef LAMINA_CONFIG_ELEMENT_H
#define LAMINA_CONFIG_ELEMENT_H

#include <libxml/tree.h>
#include <stdbool.h>
#include <stddef.h>

#include "config/domain_config.h"

struct element_reader {
    struct domain_config *config;
    struct config_report *report;
    bool out_of_memory;
};

enum element_fate {
    ELEMENT_READ,   /* .read is called */
    ELEMENT_KEEP,   /* another manager's book-keeping: kept without a word */
    ELEMENT_WARN,   /* no effect here: .why is a warning, and it is kept */
    ELEMENT_REFUSE, /* the guest would not be what the file says: .why is an error */
};

struct element_rule {
    const char *name;
    enum element_fate fate;
    bool many;              /* else a second one is an error */
    bool empty;             /* ELEMENT_READ: all is in the attributes, nothing may be inside */
    const char *attributes; /* ELEMENT_READ: the names known, parted by blanks; NULL: none */
    void (*read)(struct element_reader *reader, xmlNode *node, void *object);
    const char *why;
};

/* A table of rules ends with a row without name. At most 64 rows. */
void element_walk(struct element_reader *reader, xmlNode *parent, const struct element_rule *rules,
                  void *object, char **kept);

/* Warns about each attribute that is not among the names. */
void element_check_attributes(struct element_reader *reader, xmlNode *node, const char *names);

/* Appends the element, with all that is in it, to the XML text *kept. */
void element_keep(struct element_reader *reader, xmlNode *node, char **kept);

/*
 * The text of an element or attribute, without blanks round it, to be freed. NULL after an error
 * was reported (longer than max bytes, elements inside), and for an attribute that is absent.
 */
char *element_text(struct element_reader *reader, xmlNode *node, size_t max);
char *element_attribute(struct element_reader *reader, xmlNode *node, const char *name);

/* The index of the attribute's value among names, fallback if absent, -1 after an error. */
int element_choice(struct element_reader *reader, xmlNode *node, const char *attribute,
                   const char *const *names, int fallback);

/* The same of the element's text, which must not be absent. */
int element_text_choice(struct element_reader *reader, xmlNode *node, const char *const *names);

/* A number from min to max in the text or, if named, in the attribute. False after an error. */
bool element_number(struct element_reader *reader, xmlNode *node, const char *attribute,
                    uint64_t min, uint64_t max, uint64_t *value);

/* Refuses what is no absolute path. */
bool element_check_path(struct element_reader *reader, xmlNode *node, const char *path);

/* The first child element of that name, or NULL. */
xmlNode *element_child(xmlNode *parent, const char *name);

void element_error(struct element_reader *reader, const xmlNode *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void element_warn(struct element_reader *reader, const xmlNode *node, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
