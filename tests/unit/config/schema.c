/* SPDX-License-Identifier: MIT */
/*
 * The schema by itself: it is asked about files as another program would ask it, and must take the
 * samples and refuse files whose structure is wrong, so that editors and other tools can rely on
 * it.
 */
#include "../suite.h"

#include <check.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>

#include "config/elements.h"

#define SAMPLE(name) "tests/unit/config/samples/" name ".xml"
#define HEAD         "<domain type='xen'><name>a</name><memory>65536</memory>"
#define OS           "<os><type>linux</type><kernel>/k</kernel></os>"
#define DEVICE(body) HEAD OS "<devices>" body "</devices></domain>"

static size_t count_errors(xmlDoc *document)
{
    static struct domain_config config;
    struct config_report report = { .strict = false };
    struct element_reader reader = { .config = &config, .report = &report };

    ck_assert_ptr_nonnull(document);
    domain_check_schema(&reader, document);
    ck_assert(!reader.out_of_memory);
    xmlFreeDoc(document);
    return report.nr_errors;
}

static xmlDoc *parse(const char *xml)
{
    return xmlReadMemory(xml, (int)strlen(xml), NULL, NULL, XML_PARSE_NONET);
}

static const char *const samples[] = { SAMPLE("minimal"), SAMPLE("dump"), SAMPLE("installer"),
                                       SAMPLE("full"), SAMPLE("import") };

START_TEST(samples_are_valid)
{
    ck_assert_uint_eq(count_errors(xmlReadFile(samples[_i], NULL, XML_PARSE_NONET)), 0);
}
END_TEST

static const char *const invalid[] = {
    "<network/>",
    "<domain><name>a</name><memory>65536</memory>" OS "</domain>",
    "<domain type='kvm'><name>a</name><memory>65536</memory>" OS "</domain>",
    "<domain type='xen'><memory>65536</memory>" OS "</domain>",
    "<domain type='xen'><name>a</name>" OS "</domain>",
    HEAD "</domain>",
    HEAD "<os><type>hvm</type></os></domain>",
    HEAD "<os><type machine='xenpvh'>xen</type></os></domain>",
    HEAD "<os><type>xen</type><kernel>k</kernel></os></domain>",
    HEAD "<os><type>xen</type><loader>/l</loader></os></domain>",
    HEAD OS "<name>b</name></domain>",
    HEAD OS "words</domain>",
    HEAD OS "<uuid>12</uuid></domain>",
    HEAD OS "<vcpu>65</vcpu></domain>",
    HEAD OS "<vcpu cpuset='a'>1</vcpu></domain>",
    HEAD OS "<on_poweroff>coredump-destroy</on_poweroff></domain>",
    HEAD OS "<clock offset='timezone'/></domain>",
    HEAD OS "<launchSecurity/></domain>",
    DEVICE("<hostdev/>"),
    DEVICE("<disk/>"),
    DEVICE("<disk type='network'><source file='/d'/><target dev='xvda'/></disk>"),
    DEVICE("<disk type='block'><source file='/d'/><target dev='xvda'/></disk>"),
    DEVICE("<disk><source file='/d'/><target dev='vda'/></disk>"),
    DEVICE("<disk><driver type='qcow2'/><source file='/d'/><target dev='xvda'/></disk>"),
    DEVICE("<interface type='user'/>"),
    DEVICE("<interface><mac address='01:00:00:00:00:00'/></interface>"),
    DEVICE("<console/><console/>"),
};

START_TEST(wrong_structure_is_invalid)
{
    ck_assert_uint_eq(count_errors(parse(invalid[_i])), 1);
}
END_TEST

#define LENGTH(array) (int)(sizeof(array) / sizeof((array)[0]))

int main(void)
{
    Suite *suite = suite_create("schema");
    TCase *tests = tcase_create("schema");

    tcase_add_loop_test(tests, samples_are_valid, 0, LENGTH(samples));
    tcase_add_loop_test(tests, wrong_structure_is_invalid, 0, LENGTH(invalid));
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
