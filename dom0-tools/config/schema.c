/* SPDX-License-Identifier: MIT */
/*
 * Schema: the RELAX NG schema of domain files is part of the program, so that it needs no file at
 * run time and never disagrees with its reader's version. It is asked after the tables found
 * nothing: they speak clearer.
 */
#include <libxml/relaxng.h>
#include <string.h>

#include "config/elements.h"

/* make runs at the top of the sources. */
__asm__(".pushsection .rodata\n"
        ".globl domain_schema, domain_schema_size\n"
        "domain_schema:\n"
        ".incbin \"dom0-tools/config/lamina-domain.rng\"\n"
        "0: .byte 0\n"
        ".balign 8\n"
        "domain_schema_size: .quad 0b - domain_schema\n"
        ".popsection\n");

/* The first fault tells where; the rest is the schema's way to it. */
static void report_mismatch(void *context, xmlError *error)
{
    struct element_reader *reader = context;
    const xmlNode *node = error->node;
    char text[256];

    if (reader->report->nr_errors > 0)
        return;
    snprintf(text, sizeof(text), "%s", error->message ? error->message : "no reason given");
    text[strcspn(text, "\n")] = '\0';
    if (node && node->type == XML_ELEMENT_NODE)
        element_error(reader, node, "expected what the schema allows: %s", text);
    else
        config_report_add(reader->report, CONFIG_ERROR, error->line, "",
                          "expected what the schema allows: %s", text);
}

/* A schema that cannot be read is a fault of this program, but no reason to let a file pass. */
static void report_schema(void *context, xmlError *error)
{
    struct element_reader *reader = context;

    config_report_add(reader->report, CONFIG_ERROR, 0, "",
                      "the schema of this program, line %d: %s", error->line,
                      error->message ? error->message : "no reason given");
}

/*
 * Read once, by the first file that gets so far, and kept: it is large, and a daemon that read it
 * for each domain would let the heap grow for a long time. NULL: a fault was reported, or there is
 * no memory.
 */
static xmlRelaxNG *schema_read(struct element_reader *reader)
{
    static xmlRelaxNG *schema;

    if (schema)
        return schema;
    xmlRelaxNGParserCtxt *parser =
        xmlRelaxNGNewMemParserCtxt(domain_schema, (int)domain_schema_size);
    if (parser) {
        xmlRelaxNGSetParserStructuredErrors(parser, report_schema, reader);
        schema = xmlRelaxNGParse(parser);
    }
    xmlRelaxNGFreeParserCtxt(parser);
    return schema;
}

void domain_check_schema(struct element_reader *reader, xmlDoc *document)
{
    xmlRelaxNG *schema = schema_read(reader);
    xmlRelaxNGValidCtxt *validator = schema ? xmlRelaxNGNewValidCtxt(schema) : NULL;

    if (validator) {
        xmlRelaxNGSetValidStructuredErrors(validator, report_mismatch, reader);
        int rc = xmlRelaxNGValidateDoc(validator, document);
        if (rc != 0 && reader->report->nr_errors == 0)
            element_error(reader, xmlDocGetRootElement(document),
                          "expected what the schema allows");
    } else if (reader->report->nr_errors == 0) {
        reader->out_of_memory = true;
    }
    xmlRelaxNGFreeValidCtxt(validator);
}
