/* SPDX-License-Identifier: MIT */
/*
 * Domain configuration: from a file to a struct domain_config. The parser is libxml2 with its
 * network and entity machinery unused; a document type declaration ends the reading at once, so no
 * entity is ever defined. The order is: well-formed, of our kind, every element by its table, and
 * at last the schema, which must agree.
 */
#include "config/domain_config.h"

#include <errno.h>
#include <fcntl.h>
#include <libxml/SAX2.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/elements.h"

static void refuse_doctype(void *context, const xmlChar *name, const xmlChar *external_id,
                           const xmlChar *system_id)
{
    xmlParserCtxt *parser = context;
    struct element_reader *reader = parser->_private;

    (void)name;
    (void)external_id;
    (void)system_id;
    config_report_add(reader->report, CONFIG_ERROR, xmlSAX2GetLineNumber(parser), "",
                      "expected no document type declaration: entities are not accepted");
    xmlStopParser(parser);
}

/* The first fault counts; what follows it is mostly a consequence. */
static void report_syntax(void *context, xmlError *error)
{
    xmlParserCtxt *parser = context;
    struct element_reader *reader = parser->_private;
    char text[256];

    if (error->code == XML_ERR_NO_MEMORY)
        reader->out_of_memory = true;
    if (error->level == XML_ERR_WARNING || reader->report->nr_errors > 0)
        return;
    snprintf(text, sizeof(text), "%s", error->message ? error->message : "no reason given");
    text[strcspn(text, "\n")] = '\0';
    /* As virt-install prints both steps of an installation. */
    if (error->code == XML_ERR_DOCUMENT_END)
        config_report_add(reader->report, CONFIG_ERROR, error->line, "",
                          "expected the end of the file behind the document, found more;"
                          " virt-install prints one with --print-xml=1");
    else
        config_report_add(reader->report, CONFIG_ERROR, error->line, "", "expected XML: %s", text);
}

static xmlDoc *parse_document(struct element_reader *reader, const char *xml, size_t size)
{
    xmlParserCtxt *parser = xmlNewParserCtxt();
    xmlDoc *document;

    if (!parser) {
        reader->out_of_memory = true;
        return NULL;
    }
    parser->_private = reader;
    parser->sax->internalSubset = refuse_doctype;
    parser->sax->serror = report_syntax;
    document = xmlCtxtReadMemory(parser, xml, (int)size, NULL, NULL,
                                 XML_PARSE_NONET | XML_PARSE_BIG_LINES);
    xmlFreeParserCtxt(parser);
    if (!document && reader->report->nr_errors == 0)
        reader->out_of_memory = true;
    return document;
}

static void read_document(struct element_reader *reader, xmlDoc *document)
{
    xmlNode *root = xmlDocGetRootElement(document);

    if (!root || !domain_check_kind(reader, root))
        return;
    domain_read(reader, root);
    if (reader->report->nr_errors == 0 && !reader->out_of_memory)
        domain_check_schema(reader, document);
}

int domain_config_parse(const char *xml, size_t size, struct domain_config *config,
                        struct config_report *report)
{
    struct element_reader reader = { .config = config, .report = report };

    memset(config, 0, sizeof(*config));
    if (size > CONFIG_FILE_MAX)
        return -EFBIG;
    if (size == 0) {
        config_report_add(report, CONFIG_ERROR, 1, "", "expected XML, found an empty file");
        return -EINVAL;
    }
    xmlDoc *document = parse_document(&reader, xml, size);
    if (document && report->nr_errors == 0)
        read_document(&reader, document);
    xmlFreeDoc(document);
    if (reader.out_of_memory)
        return -ENOMEM;
    return report->nr_errors > 0 ? -EINVAL : 0;
}

/* Reads to the end of the file, which is too big when it fills the room. */
static ssize_t read_bounded(int fd, char *data, size_t room)
{
    size_t have = 0;

    while (have < room) {
        ssize_t n = read(fd, data + have, room - have);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return (ssize_t)have;
        have += (size_t)n;
    }
    return -EFBIG;
}

int domain_config_read(const char *path, struct domain_config *config, struct config_report *report)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

    memset(config, 0, sizeof(*config));
    if (fd < 0)
        return -errno;
    char *data = malloc(CONFIG_FILE_MAX + 1);
    ssize_t size = data ? read_bounded(fd, data, CONFIG_FILE_MAX + 1) : -ENOMEM;
    if (!standard)
        close(fd);
    int rc = size < 0 ? (int)size : domain_config_parse(data, (size_t)size, config, report);
    free(data);
    return rc;
}

static void free_disks(struct domain_config *config)
{
    for (size_t i = 0; i < config->nr_disks; i++) {
        free(config->disks[i].source);
        free(config->disks[i].target);
        free(config->disks[i].driver);
        free(config->disks[i].source_kept);
        free(config->disks[i].kept);
    }
}

static void free_interfaces(struct domain_config *config)
{
    for (size_t i = 0; i < config->nr_interfaces; i++) {
        free(config->interfaces[i].bridge);
        free(config->interfaces[i].target);
        free(config->interfaces[i].bandwidth_kept);
        free(config->interfaces[i].kept);
    }
}

void domain_config_free(struct domain_config *config)
{
    char *const texts[] = {
        config->name,         config->title,           config->description,  config->metadata,
        config->cputune.kept, config->kernel,          config->initrd,       config->cmdline,
        config->bootloader,   config->bootloader_args, config->os_kept,      config->clock.kept,
        config->console.log,  config->console.kept,    config->devices_kept, config->kept
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        free(texts[i]);
    free_disks(config);
    free_interfaces(config);
    memset(config, 0, sizeof(*config));
}
