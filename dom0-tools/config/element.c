/* SPDX-License-Identifier: MIT */
/*
 * Element: the walk over an element's children and attributes by a table, and the readers of text
 * and attributes that all tables share. Depth and size of the tree are libxml2's and the file's
 * bounds; nothing here descends by itself.
 */
#include "config/element.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "config/values.h"

#define PATH_SIZE  96u
#define DEPTH_MAX  8u /* how far up a message names the parents */
#define VALUE_MAX  CONFIG_PATH_MAX
#define MATCH_SIZE 256u

enum { INDENT_MAX = 16 };

/* "devices/disk/target"; the root itself is "domain". */
static void element_path(const xmlNode *node, char path[PATH_SIZE])
{
    const xmlNode *chain[DEPTH_MAX];
    size_t depth = 0, length = 0;

    for (const xmlNode *n = node; depth < DEPTH_MAX && n && n->type == XML_ELEMENT_NODE;
         n = n->parent)
        chain[depth++] = n;
    if (depth > 1 &&
        (!chain[depth - 1]->parent || chain[depth - 1]->parent->type != XML_ELEMENT_NODE))
        depth--;
    path[0] = '\0';
    while (depth-- > 0 && length < PATH_SIZE) {
        const xmlNode *n = chain[depth];
        const char *prefix = n->ns && n->ns->prefix ? (const char *)n->ns->prefix : "";

        length +=
            (size_t)snprintf(path + length, PATH_SIZE - length, "%s%s%s%s", length > 0 ? "/" : "",
                             prefix, prefix[0] ? ":" : "", (const char *)n->name);
    }
}

static void add_message(struct element_reader *reader, enum config_severity severity,
                        const xmlNode *node, const char *format, va_list arguments)
{
    char path[PATH_SIZE], text[sizeof(((struct config_message *)0)->text)];

    element_path(node, path);
    vsnprintf(text, sizeof(text), format, arguments);
    config_report_add(reader->report, severity, (int)xmlGetLineNo(node), path, "%s", text);
}

void element_error(struct element_reader *reader, const xmlNode *node, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add_message(reader, CONFIG_ERROR, node, format, arguments);
    va_end(arguments);
}

void element_warn(struct element_reader *reader, const xmlNode *node, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    add_message(reader, CONFIG_WARNING, node, format, arguments);
    va_end(arguments);
}

static bool names_contain(const char *names, const char *name)
{
    size_t length = strlen(name);

    for (const char *p = names; p && *p != '\0';) {
        size_t word = strcspn(p, " ");

        if (word == length && memcmp(p, name, word) == 0)
            return true;
        p += word + (p[word] == ' ');
    }
    return false;
}

void element_check_attributes(struct element_reader *reader, xmlNode *node, const char *names)
{
    for (const xmlAttr *a = node->properties; a; a = a->next) {
        if (a->ns || !names_contain(names, (const char *)a->name))
            element_warn(reader, node, "attribute %s has no effect here and is dropped",
                         config_quote((const char *)a->name));
    }
}

/* Where the element stands in normal form: two blanks for each parent. */
static int indentation(const xmlNode *node)
{
    int blanks = 0;

    for (node = node->parent; node && node->type == XML_ELEMENT_NODE && blanks < INDENT_MAX;
         node = node->parent)
        blanks += 2;
    return blanks;
}

void element_keep(struct element_reader *reader, xmlNode *node, char **kept)
{
    /* The copy brings along the namespaces that were declared further up. */
    xmlNode *copy = xmlDocCopyNode(node, node->doc, 1);
    xmlBuffer *buffer = xmlBufferCreate();
    size_t have = *kept ? strlen(*kept) : 0;

    if (!copy || !buffer || xmlNodeDump(buffer, NULL, copy, 0, 0) < 0) {
        reader->out_of_memory = true;
    } else {
        const char *text = (const char *)xmlBufferContent(buffer);
        size_t size = strlen(text) + (size_t)INDENT_MAX + 2;
        char *longer = realloc(*kept, have + size);

        if (longer) {
            snprintf(longer + have, size, "%*s%s\n", indentation(node), "", text);
            *kept = longer;
        } else {
            reader->out_of_memory = true;
        }
    }
    if (buffer)
        xmlBufferFree(buffer);
    if (copy)
        xmlFreeNode(copy);
}

static void keep_or_drop(struct element_reader *reader, xmlNode *node, const char *why, char **kept)
{
    if (why)
        element_warn(reader, node, "%s; ignored%s", why, kept ? "" : " and dropped");
    if (kept)
        element_keep(reader, node, kept);
}

static const struct element_rule *find_rule(const struct element_rule *rules, const xmlNode *node)
{
    if (node->ns)
        return NULL;
    for (const struct element_rule *rule = rules; rule->name; rule++) {
        if (strcmp((const char *)node->name, rule->name) == 0)
            return rule;
    }
    return NULL;
}

/* For what is empty: whatever is inside is unknown. */
static const struct element_rule no_rules[] = { { .name = NULL } };

static void read_child(struct element_reader *reader, xmlNode *node,
                       const struct element_rule *rule, void *object, char **kept)
{
    switch (rule->fate) {
    case ELEMENT_READ:
        element_check_attributes(reader, node, rule->attributes);
        if (rule->empty)
            element_walk(reader, node, no_rules, NULL, NULL);
        rule->read(reader, node, object);
        break;
    case ELEMENT_KEEP:
    case ELEMENT_WARN:
        keep_or_drop(reader, node, rule->why, kept);
        break;
    case ELEMENT_REFUSE:
        element_error(reader, node, "%s", rule->why);
        break;
    }
}

void element_walk(struct element_reader *reader, xmlNode *parent, const struct element_rule *rules,
                  void *object, char **kept)
{
    uint64_t seen = 0;

    for (xmlNode *node = parent->children; node; node = node->next) {
        if (node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE) {
            if (!xmlIsBlankNode(node))
                element_error(reader, parent, "expected only elements, found text %s",
                              config_quote((const char *)node->content));
            continue;
        }
        if (node->type != XML_ELEMENT_NODE)
            continue;
        const struct element_rule *rule = find_rule(rules, node);
        if (!rule) {
            keep_or_drop(reader, node, "unknown element", kept);
            continue;
        }
        uint64_t bit = (uint64_t)1 << (rule - rules);
        if ((seen & bit) && !rule->many && rule->fate == ELEMENT_READ) {
            element_error(reader, node, "expected at most one");
            continue;
        }
        seen |= bit;
        read_child(reader, node, rule, object, kept);
    }
}

static char *copy_trimmed(struct element_reader *reader, const char *text)
{
    size_t length;

    text += strspn(text, " \t\r\n");
    length = strlen(text);
    while (length > 0 && strchr(" \t\r\n", text[length - 1]))
        length--;
    char *copy = strndup(text, length);
    if (!copy)
        reader->out_of_memory = true;
    return copy;
}

char *element_text(struct element_reader *reader, xmlNode *node, size_t max)
{
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (child->type == XML_ELEMENT_NODE) {
            element_error(reader, node, "expected text, found element <%s>",
                          (const char *)child->name);
            return NULL;
        }
    }
    xmlChar *content = xmlNodeGetContent(node);
    if (!content) {
        reader->out_of_memory = true;
        return NULL;
    }
    char *text = copy_trimmed(reader, (const char *)content);
    xmlFree(content);
    if (text && strlen(text) > max) {
        element_error(reader, node, "expected at most %zu bytes, found %zu", max, strlen(text));
        free(text);
        return NULL;
    }
    return text;
}

char *element_attribute(struct element_reader *reader, xmlNode *node, const char *name)
{
    xmlChar *content = xmlGetNoNsProp(node, (const xmlChar *)name);

    if (!content)
        return NULL;
    char *text = copy_trimmed(reader, (const char *)content);
    xmlFree(content);
    if (text && strlen(text) > VALUE_MAX) {
        element_error(reader, node, "attribute %s: expected at most %u bytes", name, VALUE_MAX);
        free(text);
        return NULL;
    }
    return text;
}

/* "a, b or c" */
static void list_names(const char *const *names, char text[MATCH_SIZE])
{
    size_t length = 0;

    for (size_t i = 0; names[i] && length < MATCH_SIZE; i++) {
        const char *between = i == 0 ? "" : names[i + 1] ? ", " : " or ";

        length += (size_t)snprintf(text + length, MATCH_SIZE - length, "%s%s", between, names[i]);
    }
}

int element_choice(struct element_reader *reader, xmlNode *node, const char *attribute,
                   const char *const *names, int fallback)
{
    char *text = element_attribute(reader, node, attribute);
    char expected[MATCH_SIZE];

    if (!text)
        return fallback;
    int choice = value_find(text, names);
    if (choice < 0) {
        list_names(names, expected);
        element_error(reader, node, "attribute %s: expected %s, found %s", attribute, expected,
                      config_quote(text));
    }
    free(text);
    return choice;
}

int element_text_choice(struct element_reader *reader, xmlNode *node, const char *const *names)
{
    char *text = element_text(reader, node, CONFIG_TEXT_MAX);
    char expected[MATCH_SIZE];

    if (!text)
        return -1;
    int choice = value_find(text, names);
    if (choice < 0) {
        list_names(names, expected);
        element_error(reader, node, "expected %s, found %s", expected, config_quote(text));
    }
    free(text);
    return choice;
}

bool element_number(struct element_reader *reader, xmlNode *node, const char *attribute,
                    uint64_t min, uint64_t max, uint64_t *value)
{
    char *text = attribute ? element_attribute(reader, node, attribute)
                           : element_text(reader, node, CONFIG_TEXT_MAX);
    uint64_t number = 0;
    bool good;

    if (!text && !attribute)
        return false;
    good = text && value_read_number(text, max, &number) == 0 && number >= min;
    if (good)
        *value = number;
    else
        element_error(reader, node, "%s%s%sexpected a number from %llu to %llu, found %s",
                      attribute ? "attribute " : "", attribute ? attribute : "",
                      attribute ? ": " : "", (unsigned long long)min, (unsigned long long)max,
                      text ? config_quote(text) : "none");
    free(text);
    return good;
}

bool element_check_path(struct element_reader *reader, xmlNode *node, const char *path)
{
    if (path[0] == '/' && strlen(path) <= CONFIG_PATH_MAX)
        return true;
    element_error(reader, node, "expected an absolute path, found %s", config_quote(path));
    return false;
}

xmlNode *element_child(xmlNode *parent, const char *name)
{
    for (xmlNode *node = parent->children; node; node = node->next) {
        if (node->type == XML_ELEMENT_NODE && !node->ns &&
            strcmp((const char *)node->name, name) == 0)
            return node;
    }
    return NULL;
}
