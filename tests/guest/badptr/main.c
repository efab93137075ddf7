/* SPDX-License-Identifier: MIT */
/*
 * Bad pointers. Every hypercall that takes one gets the hypervisor's memory, a non-canonical
 * address, nothing, and a structure that runs from a mapped page into an unmapped one. It must
 * answer EFAULT (or EINVAL where the pointer is also an argument), and nothing may have changed.
 */
#include "check.h"

static char pages[2][4096] PAGE; /* the second one is unmapped */
static uint64_t shared_before, m2p_before;

/* How a call is made with `pointer`: number, then the arguments before and after it. */
struct shape {
    const char *name;
    uint8_t nr, position; /* of the pointer */
    uint8_t counts; /* answers how many extents it did: 0 is as good as EFAULT */
    unsigned long args[4];
};

#define CALL(nr, position, ...)                                                                 \
    { #nr " " #__VA_ARGS__, __HYPERVISOR_##nr, position, 0, { __VA_ARGS__ } }
#define COUNT(nr, position, ...)                                                                \
    { #nr " " #__VA_ARGS__, __HYPERVISOR_##nr, position, 1, { __VA_ARGS__ } }

static const struct shape shapes[] = {
    CALL(set_trap_table, 0, 0),
    CALL(mmu_update, 0, 0, 1, 0, DOMID_SELF),
    CALL(set_gdt, 0, 0, 512),
    CALL(multicall, 0, 0, 1),
    CALL(mmuext_op, 0, 0, 1, 0, DOMID_SELF),
    COUNT(memory_op, 1, XENMEM_decrease_reservation),
    COUNT(memory_op, 1, XENMEM_populate_physmap),
    CALL(memory_op, 1, XENMEM_exchange),
    CALL(memory_op, 1, XENMEM_machphys_mfn_list),
    CALL(memory_op, 1, XENMEM_machphys_mapping),
    CALL(memory_op, 1, XENMEM_maximum_reservation),
    CALL(memory_op, 1, XENMEM_current_reservation),
    CALL(memory_op, 1, XENMEM_machine_memory_map),
    CALL(memory_op, 1, XENMEM_add_to_physmap),
    CALL(xen_version, 1, XENVER_extraversion),
    CALL(xen_version, 1, XENVER_compile_info),
    CALL(xen_version, 1, XENVER_capabilities),
    CALL(xen_version, 1, XENVER_changeset),
    CALL(xen_version, 1, XENVER_platform_parameters),
    CALL(xen_version, 1, XENVER_get_features),
    CALL(xen_version, 1, XENVER_guest_handle),
    CALL(xen_version, 1, XENVER_commandline),
    CALL(console_io, 2, CONSOLEIO_write, 16),
    CALL(grant_table_op, 1, GNTTABOP_map_grant_ref, 0, 1),
    CALL(grant_table_op, 1, GNTTABOP_unmap_grant_ref, 0, 1),
    CALL(grant_table_op, 1, GNTTABOP_setup_table, 0, 1),
    CALL(grant_table_op, 1, GNTTABOP_copy, 0, 1),
    CALL(grant_table_op, 1, GNTTABOP_query_size, 0, 1),
    CALL(grant_table_op, 1, GNTTABOP_set_version, 0, 1),
    CALL(grant_table_op, 1, GNTTABOP_get_version, 0, 1),
    CALL(grant_table_op, 1, GNTTABOP_swap_grant_ref, 0, 1),
    CALL(vcpu_op, 2, VCPUOP_initialise, 1),
    CALL(vcpu_op, 2, VCPUOP_get_runstate_info, 0),
    CALL(vcpu_op, 2, VCPUOP_register_runstate_memory_area, 0),
    CALL(vcpu_op, 2, VCPUOP_set_singleshot_timer, 0),
    CALL(vcpu_op, 2, VCPUOP_register_vcpu_info, 1),
    CALL(sched_op, 1, SCHEDOP_shutdown),
    CALL(sched_op, 1, SCHEDOP_poll),
    CALL(sched_op, 1, SCHEDOP_remote_shutdown),
    CALL(sched_op, 1, SCHEDOP_shutdown_code),
    CALL(sched_op, 1, SCHEDOP_watchdog),
    CALL(callback_op, 1, CALLBACKOP_register),
    CALL(callback_op, 1, CALLBACKOP_unregister),
    CALL(event_channel_op, 1, EVTCHNOP_bind_interdomain),
    CALL(event_channel_op, 1, EVTCHNOP_bind_virq),
    CALL(event_channel_op, 1, EVTCHNOP_bind_pirq),
    CALL(event_channel_op, 1, EVTCHNOP_close),
    CALL(event_channel_op, 1, EVTCHNOP_send),
    CALL(event_channel_op, 1, EVTCHNOP_status),
    CALL(event_channel_op, 1, EVTCHNOP_alloc_unbound),
    CALL(event_channel_op, 1, EVTCHNOP_bind_ipi),
    CALL(event_channel_op, 1, EVTCHNOP_bind_vcpu),
    CALL(event_channel_op, 1, EVTCHNOP_unmask),
    CALL(physdev_op, 1, PHYSDEVOP_eoi),
    CALL(physdev_op, 1, PHYSDEVOP_irq_status_query),
    CALL(physdev_op, 1, PHYSDEVOP_set_iopl),
    CALL(physdev_op, 1, PHYSDEVOP_apic_read),
    CALL(physdev_op, 1, PHYSDEVOP_alloc_irq_vector),
    CALL(physdev_op, 1, PHYSDEVOP_map_pirq),
    CALL(physdev_op, 1, PHYSDEVOP_unmap_pirq),
    CALL(physdev_op, 1, PHYSDEVOP_setup_gsi),
    CALL(platform_op, 0, 0),
    CALL(sysctl, 0, 0),
    CALL(domctl, 0, 0),
};

static long call(const struct shape *shape, uint64_t pointer)
{
    unsigned long args[4];

    for (unsigned i = 0; i < 4; i++)
        args[i] = i == shape->position ? pointer : shape->args[i];
    return _hypercall4(shape->nr, args[0], args[1], args[2], args[3]);
}

static void refused(const struct shape *shape, uint64_t pointer)
{
    long result = call(shape, pointer);

    /* Who is not dom0 is refused many of them before anybody looks at the pointer. */
    if (result != -XEN_EFAULT && result != -XEN_EINVAL && !(shape->counts && result == 0) &&
        (test_is_dom0() || result != -XEN_EPERM)) {
        console_print("%s with %lx:\n", shape->name, pointer);
        CHECK(result, -XEN_EFAULT);
    }
    test_checks++;
    CHECK(shared_info->vcpu_info[0].evtchn_upcall_mask, 1);
    CHECK(*(volatile uint64_t *)&shared_info->evtchn_pending[0], shared_before);
    CHECK(*(volatile uint64_t *)MACH2PHYS_VIRT_START, m2p_before);
}

/* Ends of the mapped page: the structure starts in it and goes on where nothing is. */
static uint64_t crossing(void)
{
    return (uint64_t)pages[1] - 1;
}

void test_main(void)
{
    static const uint64_t bad[] = {
        0xffff800000000000UL,     /* the M2P table: readable, but the hypervisor's */
        0xffff808000000000UL, 0xffff830000000000UL, 0xffff87fffffffff8UL,
        0xffff7fffffffffffUL,     /* non-canonical, ends where the hypervisor begins */
        0x0000800000000000UL, 0x8000000000000000UL, 0x00007ffffffffffcUL,
        0xfffffffffffffffcUL,     /* wraps */
        0x0000123456789000UL,     /* nothing there */
    };

    NEED(event_init());
    NEED(page_remap(pages[1], 0));
    shared_before = shared_info->evtchn_pending[0];
    m2p_before = *(uint64_t *)MACH2PHYS_VIRT_START;
    for (unsigned s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) {
        for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
            refused(&shapes[s], bad[i]);
        refused(&shapes[s], crossing());
    }
    CHECK(hypercall_version_pagesize(), 4096);
}
