/* SPDX-License-Identifier: MIT */
/*
 * Bad domain files: each kind of fault, and the very lines that it must be told in. Every file is
 * the same good one with one thing changed, so that the line number is the fault's.
 */
#include "../suite.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/domain_config.h"

#define ROOT   "<domain type='xen'>\n"
#define NAME   "<name>guest</name>\n"
#define MEMORY "<memory>65536</memory>\n"
#define OS     "<os><type>linux</type><kernel>/boot/vmlinuz</kernel></os>\n"
#define END    "</domain>\n"
#define HEAD   ROOT NAME MEMORY OS /* four lines */

#define GUEST(body)   HEAD body "\n" END
#define DEVICE(body)  HEAD "<devices>\n" body "\n</devices>\n" END
#define DISK(body)    DEVICE("<disk type='file'>\n" body "\n</disk>")
#define NETWORK(body) DEVICE("<interface type='bridge'>\n" body "\n</interface>")
#define SOURCE        "<source file='/d'/>"
#define TARGET        "<target dev='xvda'/>"

struct bad_file {
    const char *xml;
    const char *lines; /* all that is printed; "f" is the file */
};

static const struct bad_file bad_files[] = {
    /* Not XML, or not of our kind. */
    { "", "f:1: error: expected XML, found an empty file\n" },
    { "name=guest\n", "f:1: error: expected XML: Start tag expected, '<' not found\n" },
    { ROOT NAME "</memory>\n",
      "f:3: error: expected XML: Opening and ending tag mismatch: domain line 1 and memory\n" },
    { ROOT NAME "<memory>&huge;</memory>\n" END,
      "f:3: error: expected XML: Entity 'huge' not defined\n" },
    { "<network><name>x</name></network>",
      "f:1: error: network: expected <domain> as the root, found <network>\n" },
    { "<domain><name>x</name></domain>",
      "f:1: error: domain: attribute type: expected 'xen', found none\n" },
    { "<!-- a -->\n<domain type='kvm'><nonsense/></domain>",
      "f:2: error: domain: attribute type: this file is for another hypervisor, 'kvm';"
      " expected 'xen'\n" },
    { ROOT NAME MEMORY "<os>\n<type arch='x86_64' machine='xenfv'>hvm</type></os><x/>" END,
      "f:5: error: os/type: this is an HVM (fully virtualized) guest, which is not supported;"
      " expected 'linux' or 'xen'\n" },
    { ROOT NAME MEMORY "<os><type machine='xenpvh'>xenpvh</type></os>" END,
      "f:4: error: os/type: this is a PVH guest, which is not supported;"
      " expected 'linux' or 'xen'\n" },
    { ROOT "<os><type machine='xenpvh'>xen</type></os>" END,
      "f:2: error: os/type: attribute machine: this is a PVH guest, which is not supported;"
      " expected 'xenpv'\n" },
    { ROOT "<os><type machine='pc'>xen</type></os>" END,
      "f:2: error: os/type: attribute machine: expected 'xenpv', found 'pc'\n" },
    { ROOT "<os><type arch='i686'>linux</type></os>" END,
      "f:2: error: os/type: attribute arch: expected 'x86_64', found 'i686'\n" },
    { ROOT "<os><type>solaris</type></os>" END,
      "f:2: error: os/type: expected 'linux' or 'xen', found 'solaris'\n" },
    { ROOT NAME END, "f:1: error: domain: expected <os><type>linux</type></os>, found none\n" },
    { ROOT NAME "<os><kernel>/k</kernel></os>" END,
      "f:3: error: os: expected <type>linux</type>, found none\n" },

    /* What is missing, double or contradictory. */
    { ROOT MEMORY OS END, "f:1: error: domain: expected an element <name>, found none\n" },
    { ROOT NAME OS END, "f:1: error: domain: expected an element <memory>, found none\n" },
    { GUEST(NAME), "f:5: error: name: expected at most one\n" },
    { ROOT NAME MEMORY "<os><type>linux</type></os>" END,
      "f:4: error: os: expected <kernel>, or <bootloader> beside <os>, or a disk to boot from,"
      " found none\n" },
    { HEAD END HEAD END,
      "f:6: error: expected the end of the file behind the document, found more; virt-install"
      " prints one with --print-xml=1\n" },
    { GUEST("<bootloader/>"),
      "f:5: error: bootloader: expected either a boot loader or <kernel> in <os>, found both\n" },
    { ROOT NAME MEMORY "<bootloader/><os><type>xen</type><initrd>/i</initrd></os>" END,
      "f:4: error: os: expected <initrd> and <cmdline> only beside <kernel>\n" },
    { GUEST("loose words"),
      "f:1: error: domain: expected only elements, found text 'loose words'\n" },

    /* Values right below <domain>. */
    { ROOT "<name>../etc</name>\n" MEMORY OS END,
      "f:2: error: name: expected a name without '/', that does not begin with '.' or '-' and"
      " is not a number, found '../etc'\n" },
    { ROOT "<name>12</name>\n" MEMORY OS END,
      "f:2: error: name: expected a name without '/', that does not begin with '.' or '-' and"
      " is not a number, found '12'\n" },
    { ROOT "<name><b/></name>\n" MEMORY OS END,
      "f:2: error: name: expected text, found element <b>\n" },
    { GUEST("<uuid>1234</uuid>"),
      "f:5: error: uuid: expected a uuid of 32 hexadecimal digits, found '1234'\n" },
    { ROOT NAME "<memory>much</memory>\n" OS END,
      "f:3: error: memory: expected a number of b, KiB, MiB, GiB or TiB (no unit: KiB),"
      " found 'much'\n" },
    { ROOT NAME "<memory unit='pages'>9</memory>\n" OS END,
      "f:3: error: memory: expected a number of b, KiB, MiB, GiB or TiB (no unit: KiB),"
      " found '9' with unit 'pages'\n" },
    { ROOT NAME "<memory unit='TiB'>18446744073709551615</memory>\n" OS END,
      "f:3: error: memory: expected a number of b, KiB, MiB, GiB or TiB (no unit: KiB),"
      " found '18446744073709551615' with unit 'TiB'\n" },
    { ROOT NAME "<memory>1024</memory>\n" OS END,
      "f:3: error: memory: expected 4 MiB to 16 TiB, found 1024 KiB\n" },
    { GUEST("<currentMemory>65537</currentMemory>"),
      "f:5: error: currentMemory: expected at most the 65536 KiB of memory, found 65537 KiB\n" },
    { GUEST("<vcpu>0</vcpu>"), "f:5: error: vcpu: expected a number from 1 to 64, found '0'\n" },
    { GUEST("<vcpu current='3'>2</vcpu>"),
      "f:5: error: vcpu: attribute current: expected a number from 1 to 2, found '3'\n" },
    { GUEST("<vcpu cpuset='0-99'>2</vcpu>"),
      "f:5: error: vcpu: attribute cpuset: expected processors from 0 to 63 like '0-3,^2',"
      " found '0-99'\n" },
    { GUEST("<on_reboot>coredump-restart</on_reboot>"),
      "f:5: error: on_reboot: expected destroy, restart, preserve or rename-restart,"
      " found 'coredump-restart'\n" },
    { GUEST("<clock offset='timezone' timezone='Europe/Paris'/>"),
      "f:5: warning: clock: attribute 'timezone' has no effect here and is dropped\n"
      "f:5: error: clock: attribute offset: expected utc, localtime or variable,"
      " found 'timezone'\n" },
    { GUEST("<clock offset='utc' adjustment='60'/>"),
      "f:5: error: clock: attribute adjustment: expected offset='variable' with it\n" },
    { GUEST("<launchSecurity type='sev'/>"),
      "f:5: error: launchSecurity: encrypted guests are not supported; remove it\n" },
    { GUEST("<cputune>\n<shares>1</shares>\n</cputune>"),
      "f:6: error: cputune/shares: expected a number from 2 to 262144, found '1'\n" },
    { GUEST("<cputune>\n<quota>10</quota>\n</cputune>"),
      "f:6: error: cputune/quota: expected a number from 1000 to 17592186044415, or a negative one"
      " for no limit, found '10'\n" },
    { GUEST("<cputune><vcpupin vcpu='1' cpuset='0'/></cputune>"),
      "f:5: error: cputune: expected vcpupin of vCPUs 0 to 0, found 1\n" },
    { GUEST("<cputune><vcpupin vcpu='0'/></cputune>"),
      "f:5: error: cputune/vcpupin: attribute cpuset: expected processors from 0 to 63 like"
      " '0-3,^2', found none\n" },
    { GUEST("<cputune><vcpupin vcpu='0' cpuset='1'/>\n<vcpupin vcpu='0' cpuset='2'/></cputune>"),
      "f:6: error: cputune/vcpupin: vCPU 0 is pinned twice\n" },
    { ROOT NAME MEMORY "<os><type>linux</type>\n<kernel>vmlinuz</kernel></os>" END,
      "f:5: error: os/kernel: expected an absolute path, found 'vmlinuz'\n" },
    { ROOT NAME MEMORY "<os><type>linux</type><kernel>/k</kernel>\n<loader>/l</loader></os>" END,
      "f:5: error: os/loader: a paravirtual domain has no firmware; expected <kernel>\n" },

    /* Devices. */
    { DEVICE("<hostdev mode='subsystem' type='pci'/>"),
      "f:6: error: devices/hostdev: devices of the host ('pci') cannot be passed through;"
      " remove it\n" },
    { DEVICE("<filesystem type='mount'/>"),
      "f:6: error: devices/filesystem: shared folders are not supported; use a disk\n" },
    { DEVICE("<disk type='network'/>"),
      "f:6: error: devices/disk: attribute type: expected block or file, found 'network'\n" },
    { DEVICE("<disk type='file' device='floppy'/>"),
      "f:6: error: devices/disk: attribute device: expected disk or cdrom, found 'floppy'\n" },
    { DISK(TARGET), "f:6: error: devices/disk: expected an element <source>, found none\n" },
    { DISK(SOURCE),
      "f:6: error: devices/disk: expected an element <target dev='xvda'/>, found none\n" },
    { DISK("<source dev='/d'/>" TARGET),
      "f:7: error: devices/disk/source: expected only attribute file for <disk type='file'>\n"
      "f:7: error: devices/disk/source: expected an attribute file for <disk type='file'>,"
      " found none\n" },
    { DISK("<source file='d'/>" TARGET),
      "f:7: error: devices/disk/source: expected an absolute path, found 'd'\n" },
    { DISK(SOURCE "\n<target dev='vda'/>"),
      "f:8: error: devices/disk/target: attribute dev: expected a name like 'xvda',"
      " found 'vda'\n" },
    { DISK(SOURCE "<target dev='xvda' bus='virtio'/>"),
      "f:7: error: devices/disk/target: attribute bus: expected xen, found 'virtio'\n" },
    { DISK(SOURCE TARGET "\n</disk><disk>" SOURCE "\n" TARGET),
      "f:9: error: devices/disk/target: attribute dev: 'xvda' is the disk of line 6 already\n" },
    { DISK("<driver type='qcow2'/>" SOURCE TARGET),
      "f:7: error: devices/disk/driver: attribute type: expected raw, found 'qcow2'; convert the"
      " image, for instance with 'qemu-img convert -O raw'\n" },
    { DISK(SOURCE TARGET "<backingStore type='file'><source file='/b'/></backingStore>"),
      "f:7: error: devices/disk/backingStore: expected no backing file: only raw images are disks"
      " here\n" },
    { DISK("<source file='/d'><slices><slice offset='100' size='512'/></slices></source>" TARGET),
      "f:7: error: devices/disk/source/slices/slice: attribute offset:"
      " expected a multiple of 512\n" },
    { DISK("<source file='/d'><slices><slice offset='9223372036854775296' size='1024'/></slices>"
           "</source>" TARGET),
      "f:7: error: devices/disk/source/slices/slice: expected offset and size to sum below"
      " 2^63\n" },
    { DEVICE("<interface type='user'/>"),
      "f:6: error: devices/interface: attribute type: expected bridge, network or"
      " ethernet, found 'user'\n" },
    { NETWORK("<mac address='01:00:5e:00:00:01'/>"),
      "f:7: error: devices/interface/mac: attribute address: expected a unicast address like"
      " 00:16:3e:00:00:01, found '01:00:5e:00:00:01'\n" },
    { NETWORK("<source bridge='a/b'/>"),
      "f:7: error: devices/interface/source: attribute bridge: expected the name of an interface,"
      " at most 15 bytes, found 'a/b'\n" },
    { NETWORK("<mtu size='1'/>"),
      "f:7: error: devices/interface/mtu: attribute size: expected a number from 68 to 65535,"
      " found '1'\n" },
    { NETWORK("<mtu/>"),
      "f:7: error: devices/interface/mtu: attribute size: expected a number from 68 to 65535,"
      " found none\n" },
    { DEVICE("<console type='tcp'/>"),
      "f:6: error: devices/console: attribute type: expected pty, found 'tcp'\n" },
    { DEVICE("<console/>\n<console/>"), "f:7: error: devices/console: expected at most one\n" },
    { DEVICE("<console><log file='log'/></console>"),
      "f:6: error: devices/console/log: expected an absolute path, found 'log'\n" },
};

/* What a report prints, as one text. */
static char *print_report(const struct config_report *report)
{
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);

    ck_assert_ptr_nonnull(stream);
    config_report_print(report, "f", stream);
    fclose(stream);
    return text;
}

START_TEST(bad_file_is_told)
{
    const struct bad_file *bad = &bad_files[_i];
    static struct config_report report;
    static struct domain_config config;

    ck_assert_int_eq(domain_config_parse(bad->xml, strlen(bad->xml), &config, &report), -EINVAL);
    char *text = print_report(&report);
    ck_assert_str_eq(text, bad->lines);
    free(text);
    domain_config_free(&config);
}
END_TEST

/* The frame that all the bad files share is itself good. */
START_TEST(frame_is_good)
{
    static const char *const frames[] = { GUEST(""), DISK(SOURCE TARGET),
                                          NETWORK("<source bridge='br0'/>") };
    static struct domain_config config;

    for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        struct config_report report = { .strict = true };

        ck_assert_int_eq(domain_config_parse(frames[i], strlen(frames[i]), &config, &report), 0);
        ck_assert_uint_eq(report.nr_messages, 0);
        domain_config_free(&config);
    }
}
END_TEST

/* What has no effect: one warning a line, which strict makes an error. */
static const struct bad_file doubtful_files[] = {
    { GUEST("<novelty/>"), "f:5: warning: novelty: unknown element; ignored\n" },
    { GUEST("<a:b xmlns:a='u'/>"), "f:5: warning: a:b: unknown element; ignored\n" },
    { GUEST("<features/>"),
      "f:5: warning: features: has no effect on a paravirtual domain; ignored\n" },
    { GUEST("<vcpu hotplug='yes'>1</vcpu>"),
      "f:5: warning: vcpu: attribute 'hotplug' has no effect here and is dropped\n" },
    { DEVICE("<graphics type='vnc'/>"), "f:6: warning: devices/graphics: a paravirtual domain has"
                                        " no screen; use the console; ignored\n" },
    { GUEST("<maxMemory slots='1'>9</maxMemory>"),
      "f:5: warning: maxMemory: memory cannot be plugged in; see memory; ignored\n" },
    { DEVICE("<controller type='xenbus' maxGrantFrames='64'/>"),
      "f:6: warning: devices/controller: the limits of grants and event channels are the"
      " hypervisor's; ignored\n" },
    { DEVICE("<interface type='ethernet'/>"),
      "f:6: warning: devices/interface: attribute type: 'ethernet' is taken as 'bridge'; the"
      " default bridge is used unless <source> names one\n" },
    { DEVICE("<usb/>"), "f:6: warning: devices/usb: USB is not supported; ignored\n" },
    { DEVICE("<memballoon model='virtio'/>"),
      "f:6: warning: devices/memballoon: the balloon is Xen's; ignored\n" },
    { DISK(SOURCE TARGET "<driver name='qemu'/>"),
      "f:7: warning: devices/disk/driver: attribute name: 'qemu' is not run;"
      " the kernel's back end serves\n" },
    { NETWORK("<mac address='00:16:3e:00:00:01'><x/></mac>"),
      "f:7: warning: devices/interface/mac/x: unknown element; ignored and dropped\n" },
    { DISK("<driver><metadata_cache/></driver>" SOURCE TARGET),
      "f:7: warning: devices/disk/driver/metadata_cache: unknown element; ignored and dropped\n" },
    { NETWORK("<model type='e1000'/>"), "f:7: warning: devices/interface/model: attribute type:"
                                        " 'e1000' is taken as 'netfront'; kept\n" },
};

START_TEST(doubt_is_a_warning)
{
    const struct bad_file *file = &doubtful_files[_i];
    struct config_report report = { .strict = false };
    static struct domain_config config;

    ck_assert_int_eq(domain_config_parse(file->xml, strlen(file->xml), &config, &report), 0);
    char *text = print_report(&report);
    ck_assert_str_eq(text, file->lines);
    ck_assert_uint_eq(report.nr_warnings, 1);
    free(text);
    domain_config_free(&config);
}
END_TEST

START_TEST(strict_makes_it_an_error)
{
    const struct bad_file *file = &doubtful_files[_i];
    struct config_report report = { .strict = true };
    static struct domain_config config;

    ck_assert_int_eq(domain_config_parse(file->xml, strlen(file->xml), &config, &report), -EINVAL);
    ck_assert_uint_eq(report.nr_errors, 1);
    ck_assert_uint_eq(report.nr_warnings, 0);
    ck_assert_int_eq(report.messages[0].severity, CONFIG_ERROR);
    domain_config_free(&config);
}
END_TEST

#define LENGTH(array) (int)(sizeof(array) / sizeof((array)[0]))

int main(void)
{
    Suite *suite = suite_create("bad_xml");
    TCase *tests = tcase_create("bad_xml");

    tcase_add_loop_test(tests, bad_file_is_told, 0, LENGTH(bad_files));
    tcase_add_test(tests, frame_is_good);
    tcase_add_loop_test(tests, doubt_is_a_warning, 0, LENGTH(doubtful_files));
    tcase_add_loop_test(tests, strict_makes_it_an_error, 0, LENGTH(doubtful_files));
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
