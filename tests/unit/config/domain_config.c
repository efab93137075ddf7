/* SPDX-License-Identifier: MIT */
/*
 * Good domain files: what each sample means, that nothing of it gets lost on the way through, and
 * the bounds that hold for any file. The samples are in samples/, one a dialect.
 */
#include "../suite.h"

#include "config/domain_config.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SAMPLE(name) "tests/unit/config/samples/" name ".xml"

static struct domain_config config;
static struct config_report report;

static void read_sample(const char *path, size_t nr_warnings)
{
    memset(&report, 0, sizeof(report));
    ck_assert_int_eq(domain_config_read(path, &config, &report), 0);
    ck_assert_uint_eq(report.nr_errors, 0);
    ck_assert_uint_eq(report.nr_warnings, nr_warnings);
}

static int parse(const char *xml)
{
    memset(&report, 0, sizeof(report));
    return domain_config_parse(xml, strlen(xml), &config, &report);
}

START_TEST(minimal_has_defaults)
{
    read_sample(SAMPLE("minimal"), 0);
    ck_assert_str_eq(config.name, "hello");
    ck_assert(!config.has_uuid);
    ck_assert_uint_eq(config.memory_kib, 131072);
    ck_assert_uint_eq(config.current_memory_kib, 131072);
    ck_assert_uint_eq(config.nr_vcpus, 1);
    ck_assert_uint_eq(config.nr_vcpus_max, 1);
    ck_assert_uint_eq(config.cpuset, 0);
    ck_assert_str_eq(config.kernel, "/boot/vmlinuz");
    ck_assert_ptr_null(config.cmdline);
    ck_assert_int_eq(config.on_poweroff, ACTION_DESTROY);
    ck_assert_int_eq(config.on_reboot, ACTION_RESTART);
    ck_assert_int_eq(config.on_crash, ACTION_DESTROY);
    ck_assert_uint_eq(config.nr_disks + config.nr_interfaces, 0);
    domain_config_free(&config);
}
END_TEST

START_TEST(dump_is_understood)
{
    read_sample(SAMPLE("dump"), 0);
    ck_assert(config.has_uuid);
    ck_assert_uint_eq(config.uuid[0], 0x3f);
    ck_assert_uint_eq(config.uuid[15], 0x13);
    ck_assert_uint_eq(config.current_memory_kib, 524288);
    ck_assert_uint_eq(config.nr_vcpus, 2);
    ck_assert_uint_eq(config.nr_vcpus_max, 4);
    ck_assert_uint_eq(config.cpuset, 0xb);
    ck_assert(config.has_bootloader);
    ck_assert_str_eq(config.bootloader, "/usr/lib/xen-4.17/bin/pygrub");
    ck_assert_ptr_null(config.kernel);
    ck_assert_int_eq(config.on_crash, ACTION_COREDUMP_RESTART);
    ck_assert_uint_eq(config.nr_disks, 1);
    ck_assert_int_eq(config.disks[0].source_type, DISK_BLOCK);
    ck_assert_str_eq(config.disks[0].source, "/dev/vg0/mail");
    ck_assert_str_eq(config.disks[0].target, "xvda");
    ck_assert_str_eq(config.disks[0].driver, "phy");
    ck_assert(!config.disks[0].readonly);
    ck_assert_uint_eq(config.nr_interfaces, 1);
    ck_assert_str_eq(config.interfaces[0].bridge, "br0");
    ck_assert_mem_eq(config.interfaces[0].mac, "\x00\x16\x3e\x5a\x0b\x01", 6);
    ck_assert_ptr_null(config.interfaces[0].target);
    ck_assert(config.has_console);
    domain_config_free(&config);
}
END_TEST

START_TEST(installer_is_understood)
{
    read_sample(SAMPLE("installer"), 4);
    ck_assert_uint_eq(config.nr_vcpus_max, 2);
    ck_assert_str_eq(config.initrd, "/var/lib/images/initrd.gz");
    ck_assert_str_eq(config.cmdline, "console=hvc0 priority=low");
    ck_assert_int_eq(config.on_reboot, ACTION_DESTROY);
    ck_assert_uint_eq(config.nr_disks, 2);
    ck_assert(config.disks[1].cdrom && config.disks[1].readonly);
    ck_assert_int_eq(config.disks[1].line, 25);
    ck_assert_ptr_null(config.interfaces[0].bridge);
    ck_assert_ptr_nonnull(strstr(config.metadata, "http://debian.org/debian/12"));
    domain_config_free(&config);
}
END_TEST

START_TEST(import_is_understood)
{
    read_sample(SAMPLE("import"), 0);
    ck_assert(config.has_bootloader);
    ck_assert_ptr_null(config.kernel);
    ck_assert_uint_eq(config.cputune.shares, 512);
    ck_assert_int_eq(config.clock.adjustment_s, 7200);
    ck_assert_uint_eq(config.disks[0].slice_offset, 1048576);
    ck_assert_uint_eq(config.interfaces[0].out_average_kibs, 1024);
    ck_assert_ptr_nonnull(strstr(config.devices_kept, "<emulator>"));
    domain_config_free(&config);
}
END_TEST

/* As libvirt has it: who names neither kernel nor boot loader boots from his own disk. */
START_TEST(own_disk_is_the_default)
{
    static const char *const files[] = {
        "<domain type='xen'><name>a</name><memory>65536</memory><os><type>xen</type></os><devices>"
        "<disk><source file='/d'/><target dev='xvda'/></disk></devices></domain>",
        "<domain type='xen'><name>a</name><memory>65536</memory><bootloader/></domain>",
    };

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        ck_assert_int_eq(parse(files[i]), 0);
        ck_assert(config.has_bootloader);
        char *normal = domain_config_write(&config);
        ck_assert_ptr_nonnull(strstr(normal, "<bootloader></bootloader>"));
        free(normal);
        domain_config_free(&config);
    }
}
END_TEST

static void check_full_devices(void)
{
    const struct domain_disk *disk = &config.disks[0];
    const struct domain_interface *interface = &config.interfaces[0];

    ck_assert_uint_eq(config.nr_disks, 2);
    ck_assert(disk->direct_io && disk->discard && disk->shareable && disk->has_slice);
    ck_assert_uint_eq(disk->slice_offset, 1048576);
    ck_assert_uint_eq(disk->slice_size, 33554432);
    ck_assert_str_eq(disk->target, "xvda1");
    ck_assert_str_eq(config.disks[1].source, "/srv/it's.img");
    ck_assert_uint_eq(config.nr_interfaces, 2);
    ck_assert_str_eq(interface->target, "build0");
    ck_assert_uint_eq(interface->mtu, 9000);
    ck_assert_uint_eq(interface->out_average_kibs, 2500);
    ck_assert(interface->link_down);
    ck_assert_str_eq(config.console.log, "/var/log/build.log");
    ck_assert(config.console.log_append);
}

static void check_full(void)
{
    ck_assert_str_eq(config.name, "build & test");
    ck_assert_str_eq(config.title, "Nightly builds");
    ck_assert_str_eq(config.description, "Two lines,\nthe second with <brackets> and 'quotes'.");
    ck_assert_ptr_nonnull(strstr(config.metadata, "builds <!-- kept --> and more"));
    ck_assert_uint_eq(config.memory_kib, 1953125);
    ck_assert_uint_eq(config.cpuset, 0x70);
    ck_assert_uint_eq(config.cputune.shares, 512);
    ck_assert_uint_eq(config.cputune.period_us, 10000);
    ck_assert_int_eq(config.cputune.quota_us, -1);
    ck_assert_uint_eq(config.cputune.pinned, 5);
    ck_assert_uint_eq(config.cputune.affinity[2], 0xdf);
    ck_assert_str_eq(config.cmdline, "root=/dev/xvda1 quoted=\"a b\" x='y'");
    ck_assert_int_eq(config.clock.offset, CLOCK_VARIABLE);
    ck_assert_int_eq(config.clock.adjustment_s, -3600);
    ck_assert_int_eq(config.on_poweroff, ACTION_PRESERVE);
    ck_assert_int_eq(config.on_reboot, ACTION_RENAME_RESTART);
    ck_assert_int_eq(config.on_crash, ACTION_COREDUMP_DESTROY);
    check_full_devices();
}

/* The second time through the same must be found, from the normal form. */
START_TEST(full_survives_writing)
{
    read_sample(SAMPLE("full"), 10);
    check_full();
    char *normal = domain_config_write(&config);
    ck_assert_ptr_nonnull(normal);
    domain_config_free(&config);
    ck_assert_int_eq(parse(normal), 0);
    ck_assert_uint_eq(report.nr_warnings, 10);
    check_full();
    domain_config_free(&config);
    free(normal);
}
END_TEST

static const char *const samples[] = { SAMPLE("minimal"), SAMPLE("dump"), SAMPLE("installer"),
                                       SAMPLE("full"), SAMPLE("import") };

START_TEST(normal_form_is_stable)
{
    memset(&report, 0, sizeof(report));
    ck_assert_int_eq(domain_config_read(samples[_i], &config, &report), 0);
    char *first = domain_config_write(&config);
    domain_config_free(&config);
    ck_assert_int_eq(parse(first), 0);
    char *second = domain_config_write(&config);
    ck_assert_str_eq(first, second);
    domain_config_free(&config);
    free(first);
    free(second);
}
END_TEST

/* Every element of the sample without effect here is still there. */
START_TEST(nothing_gets_lost)
{
    static const char *const kept[] = {
        "<emulatorpin cpuset=\"1\"/>", "<boot dev=\"hd\"/>",
        "<timer name=\"tsc\"",         "<novelty>of a later version</novelty>",
        "<seclabel model=\"dac\"/>",   "<serial>0001</serial>",
        "<inbound average=\"1000\"/>", "<script path=\"/etc/vif\"/>",
        "<sound model=\"ac97\"/>",     "<site:note xmlns:site=\"http://example.org/site\"",
    };

    read_sample(SAMPLE("full"), 10);
    char *normal = domain_config_write(&config);
    for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
        ck_assert_msg(strstr(normal, kept[i]) != NULL, "%s got lost", kept[i]);
    free(normal);
    domain_config_free(&config);
}
END_TEST

/* Awkward text comes back byte for byte. */
START_TEST(text_is_escaped)
{
    ck_assert_int_eq(parse("<domain type='xen'><name>a&lt;b&gt;&amp;'\"</name>"
                           "<description>x&#13;y\tz]]&gt;</description><memory>65536</memory>"
                           "<os><type>xen</type><kernel>/a&amp;b</kernel></os><devices>"
                           "<disk><source file='/&apos;&quot;&lt;&#9;&#10;x'/>"
                           "<target dev='xvda'/></disk></devices></domain>"),
                     0);
    char *normal = domain_config_write(&config);
    domain_config_free(&config);
    ck_assert_int_eq(parse(normal), 0);
    ck_assert_str_eq(config.name, "a<b>&'\"");
    ck_assert_str_eq(config.description, "x\ry\tz]]>");
    ck_assert_str_eq(config.disks[0].source, "/'\"<\t\nx");
    domain_config_free(&config);
    free(normal);
}
END_TEST

/* An entity that would unfold to 10^9 times itself, and one that would read a file. */
START_TEST(entities_are_refused)
{
    static const char *const files[] = {
        ("<?xml version='1.0'?>\n<!DOCTYPE domain [\n<!ENTITY a 'ha'>\n"
         "<!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;'>\n<!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>\n"
         "<!ENTITY d '&c;&c;&c;&c;&c;&c;&c;&c;'>\n<!ENTITY e '&d;&d;&d;&d;&d;&d;&d;&d;'>\n"
         "<!ENTITY f '&e;&e;&e;&e;&e;&e;&e;&e;'>\n<!ENTITY g '&f;&f;&f;&f;&f;&f;&f;&f;'>\n"
         "]>\n<domain type='xen'><name>&g;</name></domain>"),
        ("<!DOCTYPE domain [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>\n"
         "<domain type='xen'><name>&a;</name></domain>"),
        ("<!DOCTYPE domain SYSTEM 'http://example.org/domain.dtd'>\n<domain type='xen'/>"),
        ("<!DOCTYPE domain [<!ENTITY % a SYSTEM 'file:///etc/passwd'>%a;]>\n<domain type='xen'/>"),
    };
    clock_t before = clock();

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        ck_assert_int_eq(parse(files[i]), -EINVAL);
        ck_assert_uint_eq(report.nr_messages, 1);
        ck_assert_str_eq(report.messages[0].text,
                         "expected no document type declaration: entities are not accepted");
        ck_assert_int_eq(report.messages[0].line, i == 0 ? 2 : 1);
        ck_assert_ptr_null(config.name);
        domain_config_free(&config);
    }
    ck_assert_int_lt(clock() - before, CLOCKS_PER_SEC);
}
END_TEST

/* count times text between before and after, to be freed */
static char *repeat(const char *before, const char *text, size_t count, const char *after)
{
    char *xml = malloc(strlen(before) + count * strlen(text) + strlen(after) + 1);
    char *end = stpcpy(xml, before);

    while (count-- > 0)
        end = stpcpy(end, text);
    strcpy(end, after);
    return xml;
}

#define START  "<domain type='xen'><name>a</name><memory>65536</memory><os><type>xen</type>"
#define KERNEL "<kernel>/k</kernel></os>"

struct bound {
    const char *before, *text, *after;
    size_t good, bad;
};

static const struct bound bounds[] = {
    { START "<kernel>/k</kernel><cmdline>", "x", "</cmdline></os></domain>", 1023, 1024 },
    { START "<kernel>/", "x", "</kernel></os></domain>", 4094, 4095 },
    { START KERNEL "<title>", "x", "</title></domain>", 65536, 65537 },
    { START KERNEL "<devices>", "<interface/>", "</devices></domain>", 32, 33 },
    { START KERNEL "<metadata>", "<a>", "</metadata></domain>", 0, 300 },
    { START KERNEL "<uuid>", "00", "</uuid></domain>", 16, 17 },
};

START_TEST(bounds_hold)
{
    const struct bound *bound = &bounds[_i];
    char *good = repeat(bound->before, bound->text, bound->good, bound->after);
    char *bad = repeat(bound->before, bound->text, bound->bad, bound->after);

    ck_assert_int_eq(parse(good), 0);
    domain_config_free(&config);
    ck_assert_int_eq(parse(bad), -EINVAL);
    ck_assert_uint_eq(report.nr_errors, 1);
    domain_config_free(&config);
    free(good);
    free(bad);
}
END_TEST

START_TEST(disks_are_bounded)
{
    char *xml = NULL;
    size_t size;

    for (unsigned nr = CONFIG_DISKS_MAX; nr <= CONFIG_DISKS_MAX + 1; nr++) {
        FILE *out = open_memstream(&xml, &size);

        fputs(START KERNEL "<devices>", out);
        for (unsigned i = 0; i < nr; i++)
            fprintf(out, "<disk><source file='/d'/><target dev='xvd%c%c'/></disk>",
                    (char)('a' + i / 26), (char)('a' + i % 26));
        fputs("</devices></domain>", out);
        fclose(out);
        ck_assert_int_eq(parse(xml), nr == CONFIG_DISKS_MAX ? 0 : -EINVAL);
        ck_assert_uint_eq(config.nr_disks, CONFIG_DISKS_MAX);
        domain_config_free(&config);
        free(xml);
    }
}
END_TEST

/* The largest file allowed is read in good time whatever is in it; a larger one is not read. */
START_TEST(files_are_bounded)
{
    static const char *const fillers[] = { "<x/>", "<!---->", "&#120;", "text " };
    static const char before[] = START KERNEL "<metadata>", after[] = "</metadata></domain>";
    size_t room = CONFIG_FILE_MAX - strlen(before) - strlen(after);

    for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++) {
        char *xml = repeat(before, fillers[i], room / strlen(fillers[i]), after);

        ck_assert_int_eq(parse(xml), 0);
        domain_config_free(&config);
        free(xml);
    }
    char *large = repeat(before, " ", room + 1, after);
    ck_assert_int_eq(parse(large), -EFBIG);
    free(large);
    ck_assert_int_eq(domain_config_read("/dev/zero", &config, &report), -EFBIG);
    ck_assert_int_eq(domain_config_read("/nonexistent", &config, &report), -ENOENT);
    ck_assert_int_eq(domain_config_read("/", &config, &report), -EISDIR);
}
END_TEST

/* A good file cut anywhere is no good file, and no reason to crash. */
START_TEST(cut_files_are_refused)
{
    static const char path[] = SAMPLE("full");
    static char data[CONFIG_FILE_MAX];
    FILE *file = fopen(path, "r");

    ck_assert_ptr_nonnull(file);
    size_t size = fread(data, 1, sizeof(data), file);
    fclose(file);
    while (size > 0 && data[size - 1] == '\n')
        size--;
    for (size_t cut = 0; cut < size; cut++) {
        memset(&report, 0, sizeof(report));
        ck_assert_int_eq(domain_config_parse(data, cut, &config, &report), -EINVAL);
        domain_config_free(&config);
    }
}
END_TEST

#define LENGTH(array) (int)(sizeof(array) / sizeof((array)[0]))

int main(void)
{
    Suite *suite = suite_create("domain_config");
    TCase *tests = tcase_create("domain_config");

    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, minimal_has_defaults);
    tcase_add_test(tests, dump_is_understood);
    tcase_add_test(tests, installer_is_understood);
    tcase_add_test(tests, import_is_understood);
    tcase_add_test(tests, own_disk_is_the_default);
    tcase_add_test(tests, full_survives_writing);
    tcase_add_loop_test(tests, normal_form_is_stable, 0, LENGTH(samples));
    tcase_add_test(tests, nothing_gets_lost);
    tcase_add_test(tests, text_is_escaped);
    tcase_add_test(tests, entities_are_refused);
    tcase_add_loop_test(tests, bounds_hold, 0, LENGTH(bounds));
    tcase_add_test(tests, disks_are_bounded);
    tcase_add_test(tests, files_are_bounded);
    tcase_add_test(tests, cut_files_are_refused);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
