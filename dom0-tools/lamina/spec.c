/* SPDX-License-Identifier: MIT */
/*
 * Spec: words between commas. What they mean together, and whether their values are good, the
 * reader of domain XML says.
 */
#include "lamina/spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define WORD_SIZE (CONFIG_PATH_MAX + 1u)

void spec_escape(FILE *xml, const char *text)
{
    static const struct {
        char character;
        const char *entity;
    } entities[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" },
                     { '\'', "&apos;" }, { '"', "&quot;" } };

    for (; *text != '\0'; text++) {
        const char *entity = NULL;

        for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
            if (*text == entities[i].character)
                entity = entities[i].entity;
        }
        if (entity)
            fputs(entity, xml);
        else
            fputc(*text, xml);
    }
}

/* The next word of *at, which moves behind its comma; false at the end or when it is too long. */
static bool take_word(const char **at, char word[WORD_SIZE])
{
    size_t length = strcspn(*at, ",");

    if (**at == '\0' || length >= WORD_SIZE)
        return false;
    memcpy(word, *at, length);
    word[length] = '\0';
    *at += length + ((*at)[length] == ',');
    return true;
}

/* The comma at the end that separates a word from none, or NULL. */
static const char *find_loose_comma(const char *spec)
{
    size_t length = strlen(spec);

    return length > 0 && spec[length - 1] == ',' ? spec + length - 1 : NULL;
}

/* What stands behind "KEY=", or NULL. */
static const char *value_of(const char *word, const char *key)
{
    size_t length = strlen(key);

    return strncmp(word, key, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

static void put_attribute(FILE *xml, const char *element, const char *attribute, const char *value)
{
    if (!value)
        return;
    fprintf(xml, "<%s %s='", element, attribute);
    spec_escape(xml, value);
    fputs("'/>", xml);
}

static bool is_target(const char *word)
{
    return strncmp(word, "xvd", 3) == 0 || strncmp(word, "hd", 2) == 0 ||
           strncmp(word, "sd", 2) == 0;
}

bool spec_has_target(const char *spec)
{
    char word[WORD_SIZE];

    take_word(&spec, word);
    while (take_word(&spec, word)) {
        if (is_target(word))
            return true;
    }
    return false;
}

/* ---- disks ---- */

struct disk_spec {
    char path[WORD_SIZE];
    char target[WORD_SIZE];
    char offset[WORD_SIZE], size[WORD_SIZE];
    bool readonly, cdrom, shareable, direct, discard;
};

static bool take_flag(struct disk_spec *disk, const char *word)
{
    const struct {
        const char *name;
        bool *flag;
    } flags[] = { { "ro", &disk->readonly },          { "readonly", &disk->readonly },
                  { "cdrom", &disk->cdrom },          { "shareable", &disk->shareable },
                  { "direct", &disk->direct },        { "discard", &disk->discard } };

    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (strcmp(word, flags[i].name) == 0)
            return *flags[i].flag = true;
    }
    return false;
}

static bool take_disk_word(struct disk_spec *disk, const char *word)
{
    const char *offset = value_of(word, "offset"), *size = value_of(word, "size");

    if (is_target(word))
        strcpy(disk->target, word);
    else if (offset)
        strcpy(disk->offset, offset);
    else if (size)
        strcpy(disk->size, size);
    else
        return take_flag(disk, word);
    return true;
}

static void write_source(FILE *xml, const struct disk_spec *disk, bool block)
{
    fprintf(xml, "<source %s='", block ? "dev" : "file");
    spec_escape(xml, disk->path);
    fputs("'>", xml);
    if (disk->offset[0] || disk->size[0]) {
        fputs("<slices><slice type='storage' offset='", xml);
        spec_escape(xml, disk->offset[0] ? disk->offset : "0");
        fputs("' size='", xml);
        spec_escape(xml, disk->size);
        fputs("'/></slices>", xml);
    }
    fputs("</source>", xml);
}

static void write_disk(FILE *xml, const struct disk_spec *disk)
{
    struct stat status;
    bool block = stat(disk->path, &status) == 0 && S_ISBLK(status.st_mode);

    fprintf(xml, "<disk type='%s' device='%s'>", block ? "block" : "file",
            disk->cdrom ? "cdrom" : "disk");
    fprintf(xml, "<driver type='raw'%s%s/>", disk->direct ? " cache='none'" : "",
            disk->discard ? " discard='unmap'" : "");
    write_source(xml, disk, block);
    put_attribute(xml, "target", "dev", disk->target);
    fputs(disk->readonly ? "<readonly/>" : "", xml);
    fputs(disk->shareable ? "<shareable/>" : "", xml);
    fputs("</disk>\n", xml);
}

const char *spec_write_disk(FILE *xml, const char *spec, const char *default_target)
{
    struct disk_spec *disk = calloc(1, sizeof(*disk));
    const char *at = spec, *wrong = find_loose_comma(spec);
    char word[WORD_SIZE];

    if (!disk || !take_word(&at, disk->path) || disk->path[0] == '\0') {
        free(disk);
        return spec;
    }
    snprintf(disk->target, sizeof(disk->target), "%s", default_target);
    while (!wrong && *at != '\0') {
        const char *start = at;

        if (!take_word(&at, word) || !take_disk_word(disk, word))
            wrong = start;
    }
    if (!wrong)
        write_disk(xml, disk);
    free(disk);
    return wrong;
}

/* ---- interfaces ---- */

/* What each key is in the file; the element may stand inside another one. */
static const struct interface_key {
    const char *key, *around, *element, *attribute;
} interface_keys[] = {
    { "bridge", NULL, "source", "bridge" },
    { "mac", NULL, "mac", "address" },
    { "name", NULL, "target", "dev" },
    { "mtu", NULL, "mtu", "size" },
    { "rate", "bandwidth", "outbound", "average" },
};

static bool write_interface_word(FILE *xml, const char *word)
{
    for (size_t i = 0; i < sizeof(interface_keys) / sizeof(interface_keys[0]); i++) {
        const struct interface_key *key = &interface_keys[i];
        const char *value = value_of(word, key->key);

        if (!value)
            continue;
        if (key->around)
            fprintf(xml, "<%s>", key->around);
        put_attribute(xml, key->element, key->attribute, value);
        if (key->around)
            fprintf(xml, "</%s>", key->around);
        return true;
    }
    /* Without a bridge the tools' own is meant. */
    return strcmp(word, "default") == 0;
}

const char *spec_write_interface(FILE *xml, const char *spec)
{
    const char *at = spec, *wrong = find_loose_comma(spec);
    char word[WORD_SIZE];

    if (wrong)
        return wrong;
    fputs("<interface type='bridge'>", xml);
    do {
        const char *start = at;

        if (!take_word(&at, word) || !write_interface_word(xml, word))
            return start;
    } while (*at != '\0');
    fputs("</interface>\n", xml);
    return NULL;
}

/* ---- all together ---- */

static void tell(const struct command *command, const struct config_report *report)
{
    for (size_t i = 0; i < report->nr_messages; i++) {
        const struct config_message *message = &report->messages[i];

        if (message->severity == CONFIG_ERROR)
            fprintf(stderr, "lamina %s: %s: %s\n", command->name, message->element, message->text);
    }
}

int spec_parse(const struct command *command, const char *xml, size_t size,
               struct domain_config *config)
{
    struct config_report *report = calloc(1, sizeof(*report));
    int rc = -ENOMEM;

    memset(config, 0, sizeof(*config));
    if (report)
        rc = domain_config_parse(xml, size, config, report);
    if (report && report->nr_errors > 0)
        tell(command, report);
    else if (rc != 0)
        command_complain(LAMINA_FAILED, "lamina", strerror(-rc));
    free(report);
    return rc == 0 ? LAMINA_OK : rc == -EINVAL ? LAMINA_BAD_CONFIG : LAMINA_FAILED;
}
