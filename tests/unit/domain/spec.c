/* SPDX-License-Identifier: MIT */
/*
 * Disks and interfaces as the command line names them: what they mean, and that nothing in them can
 * become markup.
 */
#include "../suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "lamina/spec.h"

int command_complain(int status, const char *file, const char *why)
{
    (void)file;
    (void)why;
    return status;
}

static const struct command command = { .name = "test" };
static struct domain_config config;

/* What spec_write_*() answers, and when that is good the status of reading it. */
static const char *read_spec(const char *disk, const char *interface, int *status)
{
    char *text = NULL;
    size_t size;
    FILE *xml = open_memstream(&text, &size);

    fputs("<domain type='xen'><name>x</name><memory unit='MiB'>64</memory>"
          "<os><type>xen</type><kernel>/x</kernel></os><devices>",
          xml);
    const char *wrong = disk ? spec_write_disk(xml, disk, "xvdc") :
                               spec_write_interface(xml, interface);
    fputs("</devices></domain>", xml);
    fclose(xml);
    domain_config_free(&config);
    *status = wrong ? -1 : spec_parse(&command, text, size, &config);
    free(text);
    return wrong;
}

static void expect_disk(const char *spec)
{
    int status;

    ck_assert_ptr_null(read_spec(spec, NULL, &status));
    ck_assert_int_eq(status, LAMINA_OK);
    ck_assert_uint_eq(config.nr_disks, 1);
}

START_TEST(plain_disk)
{
    expect_disk("/images/a.img");
    const struct domain_disk *disk = &config.disks[0];
    ck_assert_str_eq(disk->source, "/images/a.img");
    ck_assert_str_eq(disk->target, "xvdc");
    ck_assert(disk->source_type == DISK_FILE && !disk->readonly && !disk->shareable);
    ck_assert(!disk->cdrom && !disk->direct_io && !disk->discard && !disk->has_slice);
}
END_TEST

START_TEST(full_disk)
{
    expect_disk("/a b<'\"&>,ro,shareable,direct,discard,hda1,offset=1024,size=4096");
    const struct domain_disk *disk = &config.disks[0];
    ck_assert_str_eq(disk->source, "/a b<'\"&>");
    ck_assert_str_eq(disk->target, "hda1");
    ck_assert(disk->readonly && disk->shareable && disk->direct_io && disk->discard);
    ck_assert(disk->has_slice && disk->slice_offset == 1024 && disk->slice_size == 4096);
    ck_assert(spec_has_target("/x,ro,xvdz") && !spec_has_target("/xvda,ro"));
}
END_TEST

START_TEST(bad_disks)
{
    static const char *const not_understood[] = { "", ",", "/a,", "/a,,ro", "/a,rw0", "/a,ro=1" };
    static const char *const refused[] = { "a.img",
                                           "/a,xvd",
                                           "/a,xvda99999",
                                           "/a,offset=3,size=512",
                                           "/a,size=0",
                                           "/a,offset=512" };
    int status;

    for (size_t i = 0; i < sizeof(not_understood) / sizeof(not_understood[0]); i++) {
        const char *wrong = read_spec(not_understood[i], NULL, &status);

        ck_assert_msg(wrong, "%s", not_understood[i]);
    }
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        ck_assert_ptr_null(read_spec(refused[i], NULL, &status));
        ck_assert_msg(status == LAMINA_BAD_CONFIG, "%s", refused[i]);
    }
}
END_TEST

START_TEST(interfaces)
{
    int status;

    ck_assert_ptr_null(read_spec(NULL, "default", &status));
    ck_assert_int_eq(status, LAMINA_OK);
    ck_assert(config.nr_interfaces == 1 && !config.interfaces[0].bridge);
    ck_assert_ptr_null(
        read_spec(NULL, "bridge=br0,mac=00:16:3e:01:02:03,name=tap1,mtu=9000,rate=125", &status));
    ck_assert_int_eq(status, LAMINA_OK);
    const struct domain_interface *interface = &config.interfaces[0];
    ck_assert_str_eq(interface->bridge, "br0");
    ck_assert_str_eq(interface->target, "tap1");
    ck_assert(interface->has_mac && interface->mac[5] == 3);
    ck_assert(interface->mtu == 9000 && interface->out_average_kibs == 125);
}
END_TEST

START_TEST(bad_interfaces)
{
    static const char *const not_understood[] = { "", "br0", "default,", "mac", "bridge" };
    static const char *const refused[] = { "bridge=", "mac=1", "mtu=0", "bridge=a/b",
                                           "bridge=br0,bridge=br1", "name='/>" };
    int status;

    for (size_t i = 0; i < sizeof(not_understood) / sizeof(not_understood[0]); i++) {
        const char *wrong = read_spec(NULL, not_understood[i], &status);

        ck_assert_msg(wrong, "%s", not_understood[i]);
    }
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        ck_assert_ptr_null(read_spec(NULL, refused[i], &status));
        ck_assert_msg(status == LAMINA_BAD_CONFIG, "%s", refused[i]);
    }
}
END_TEST

static void teardown(void)
{
    domain_config_free(&config);
}

int main(void)
{
    TCase *tcase = tcase_create("spec");

    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_test(tcase, plain_disk);
    tcase_add_test(tcase, full_disk);
    tcase_add_test(tcase, bad_disks);
    tcase_add_test(tcase, interfaces);
    tcase_add_test(tcase, bad_interfaces);
    Suite *suite = suite_create("spec");
    suite_add_tcase(suite, tcase);
    return suite_run(suite);
}
