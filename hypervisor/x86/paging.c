/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own page tables: sixteen L3 tables, one for each L4 slot, shared by every root
 * in the machine. A mapping made here is therefore seen in all address spaces at once, and nothing
 * here is ever unmapped but the descriptor windows (guest_state.c). boot.S has filled the direct
 * map of the first 4 GiB and mapped the image; this file gives the image its protections and maps
 * the rest: RAM above 4 GiB, tables of mm/, device registers, the CPUs' windows.
 *
 * Callers serialise: boot code, or machine_map_device() under its own lock.
 */
#include "x86/cpu.h"
#include "x86/lock.h"
#include "x86/upcall.h"

#define PAGE_TABLE __attribute__((section(".bss.page"), aligned(4096)))
#define L1_INDEX(va) ((va) >> 12 & 511)
#define L2_INDEX(va) ((va) >> 21 & 511)
#define L3_INDEX(va) ((va) >> 30 & 511)
#define L4_INDEX(va) ((va) >> 39 & 511)
#define PAGE_2M UINT64_C(0x200000)
#define PAGE_1G UINT64_C(0x40000000)
#define DEVICE_SMALL 8 /* L1 tables for device mappings: 16 MiB; large ones use 2 MiB pages */

uint64_t boot_l4[512] PAGE_TABLE;
uint64_t idle_l4[512] PAGE_TABLE;
uint64_t hypervisor_l3[NR_SLOTS][512] PAGE_TABLE;
uint64_t direct_l2[4][512] PAGE_TABLE;
uint64_t image_l2[512] PAGE_TABLE;
static uint64_t image_l1[IMAGE_TABLES][512] PAGE_TABLE;
static uint64_t cpus_l2[512] PAGE_TABLE;
static uint64_t device_l2[512] PAGE_TABLE;
static uint64_t device_l1[DEVICE_SMALL][512] PAGE_TABLE;

extern char image_start[], image_rodata[], image_data[], image_end[];

static struct {
    mfn_t (*take)(uint64_t nr); /* frames for tables, while booting */
    struct machine_lock device_lock;
    unsigned device_pages;      /* 4 KiB pages used in the device slot */
    unsigned device_blocks;     /* 2 MiB pages used, after the small ones */
} paging;

void pte_write(uint64_t *slot, uint64_t value)
{
    WRITE_ONCE(*slot, value);
}

static uint64_t *slot_l3(uint64_t virt)
{
    return hypervisor_l3[L4_INDEX(virt) - SLOT_FIRST];
}

static maddr_t image_base(void)
{
    return image_l2[0] & PTE_ADDR & ~(PAGE_2M - 1);
}

static maddr_t image_load_address;

maddr_t machine_maddr(const void *p)
{
    uint64_t va = (uint64_t)p;

    if (va >= DIRECT_VIRT && va < HYPERVISOR_END)
        return va - DIRECT_VIRT;
    if (va >= IMAGE_VIRT && va < (uint64_t)image_end)
        return va - IMAGE_VIRT + image_load_address;
    panic("no machine address for %p", p);
}

void machine_image_extent(maddr_t *start, maddr_t *end)
{
    *start = image_load_address;
    *end = image_load_address + (uint64_t)(image_end - image_start);
}

unsigned machine_maddr_bits(void)
{
    uint32_t r[4];

    machine_cpuid(0x80000000, 0, r);
    if (r[0] < 0x80000008)
        return 36;
    machine_cpuid(0x80000008, 0, r);
    return MIN(r[0] & 0xff, 52u);
}

/* Protection of an image page: code is not writable, nothing writable is executable. */
static uint64_t image_flags(uint64_t va)
{
    if (va < (uint64_t)image_rodata)
        return PTE_P | PTE_A | PTE_D | PTE_G;
    if (va < (uint64_t)image_data)
        return PTE_RODATA;
    return PTE_DATA;
}

static void image_protect(void)
{
    for (uint64_t va = IMAGE_VIRT; va < (uint64_t)image_end; va += PAGE_SIZE)
        image_l1[L2_INDEX(va)][L1_INDEX(va)] =
            (va - IMAGE_VIRT + image_load_address) | image_flags(va);
    for (unsigned i = 0; i < IMAGE_TABLES; i++)
        pte_write(&image_l2[i], machine_maddr(image_l1[i]) | PTE_TABLE);
}

static uint64_t l4_entry(unsigned slot)
{
    uint64_t entry = machine_maddr(hypervisor_l3[slot - SLOT_FIRST]) | PTE_TABLE;

    if (slot == SLOT_FIRST) /* guests read, nobody writes */
        return (entry & ~(uint64_t)PTE_RW) | PTE_US | PTE_NX;
    return slot == SLOT_IMAGE ? entry : entry | PTE_NX;
}

void machine_l4_install(uint64_t *l4)
{
    for (unsigned slot = SLOT_FIRST; slot <= SLOT_LAST; slot++)
        pte_write(&l4[slot], l4_entry(slot));
}

void paging_init(void)
{
    image_load_address = image_base();
    image_protect();
    hypervisor_l3[SLOT_CPUS - SLOT_FIRST][0] = machine_maddr(cpus_l2) | PTE_TABLE;
    hypervisor_l3[SLOT_DEVICE - SLOT_FIRST][0] = machine_maddr(device_l2) | PTE_TABLE;
    for (unsigned i = 0; i < DEVICE_SMALL; i++)
        device_l2[i] = machine_maddr(device_l1[i]) | PTE_TABLE;
    machine_l4_install(idle_l4);
    machine_l4_install(boot_l4);
    cr4_set(cr4_get() & ~(uint64_t)CR4_PGE);
    cr4_set(cr4_get() | CR4_PGE); /* the old, weaker entries are gone from the TLB */
    cr3_set(machine_maddr(idle_l4));
}

/* The table that `slot` names, made from taken frames when there is none. */
static uint64_t *table_below(uint64_t *slot, uint64_t flags)
{
    if (!(*slot & PTE_P)) {
        mfn_t mfn = paging.take(1);

        pte_write(slot, mfn_to_maddr(mfn) | flags);
    }
    BUG_ON(*slot & PTE_PSE);
    return machine_map_maddr(*slot & PTE_ADDR);
}

static void map_range(uint64_t virt, maddr_t addr, uint64_t bytes, uint64_t leaf, uint64_t table)
{
    while (bytes) {
        uint64_t *l3 = &slot_l3(virt)[L3_INDEX(virt)];
        uint64_t step = PAGE_SIZE;

        if (bytes >= PAGE_1G && !((virt | addr) & (PAGE_1G - 1)) && cpu_has.gigabyte_pages &&
            !(*l3 & PTE_P)) {
            step = PAGE_1G;
            pte_write(l3, addr | leaf | PTE_PSE);
        } else {
            uint64_t *l2 = &table_below(l3, table)[L2_INDEX(virt)];

            if (bytes >= PAGE_2M && !((virt | addr) & (PAGE_2M - 1)) && !(*l2 & PTE_P)) {
                step = PAGE_2M;
                pte_write(l2, addr | leaf | PTE_PSE);
            } else {
                pte_write(&table_below(l2, table)[L1_INDEX(virt)], addr | leaf);
            }
        }
        virt += step;
        addr += step;
        bytes -= step;
    }
}

/*
 * RAM above 4 GiB joins the direct map. Ranges between RAM ranges are mapped too: nothing looks at
 * them, and the processor's range registers keep device memory uncached whatever is said here.
 */
void machine_memory_init(maddr_t ram_end, mfn_t (*take)(uint64_t nr))
{
    const maddr_t done = 4 * PAGE_1G;

    paging.take = take;
    if (ram_end > HYPERVISOR_END - DIRECT_VIRT)
        panic("more memory than the direct map can hold");
    if (ram_end > done)
        map_range(DIRECT_VIRT + done, done, ROUND_UP(ram_end, PAGE_2M) - done, PTE_DATA, PTE_TABLE);
}

void machine_map_frames(void *virt, mfn_t first, uint64_t nr, bool writable)
{
    BUG_ON(L4_INDEX((uint64_t)virt) < SLOT_M2P || L4_INDEX((uint64_t)virt) > SLOT_FRAMES);
    map_range((uint64_t)virt, mfn_to_maddr(first), nr << PAGE_SHIFT,
              writable ? PTE_DATA : PTE_RODATA, PTE_TABLE);
}

/* Not global: user page tables may see it go by m2p_strict one day, and it costs nothing. */
void machine_map_m2p(mfn_t first, uint64_t nr_frames)
{
    map_range(M2P_GUEST_VIRT, mfn_to_maddr(first), nr_frames << PAGE_SHIFT,
              PTE_P | PTE_US | PTE_A | PTE_D | PTE_NX, PTE_P | PTE_US | PTE_A);
}

/* ---- device registers ------------------------------------------------------------------------ */

/* Uncached in the ABI's PAT layout as in the one after reset. */
#define PTE_DEVICE (PTE_DATA | PTE_PCD | PTE_PWT)

static void *device_map_small(maddr_t page, unsigned pages)
{
    unsigned first = paging.device_pages;

    /* A page mapped before serves again: dom0 may set up one MSI-X table any number of times. */
    for (unsigned i = 0; pages == 1 && i < first; i++)
        if ((device_l1[i / 512][i % 512] & PTE_ADDR) == page)
            return (void *)(DEVICE_VIRT + i * PAGE_SIZE);
    if (pages > DEVICE_SMALL * 512 - first)
        return NULL;
    for (unsigned i = first; i < first + pages; i++, page += PAGE_SIZE)
        pte_write(&device_l1[i / 512][i % 512], page | PTE_DEVICE);
    paging.device_pages = first + pages;
    return (void *)(DEVICE_VIRT + first * PAGE_SIZE);
}

static void *device_map_large(maddr_t block, unsigned blocks)
{
    unsigned first = DEVICE_SMALL + paging.device_blocks;

    if (blocks > 512 - first)
        return NULL;
    for (unsigned i = 0; i < blocks; i++)
        pte_write(&device_l2[first + i], (block + i * PAGE_2M) | PTE_DEVICE | PTE_PSE);
    paging.device_blocks += blocks;
    return (void *)(DEVICE_VIRT + first * PAGE_2M);
}

void *machine_map_device(maddr_t addr, size_t bytes)
{
    const uint64_t limit = UINT64_C(1) << machine_maddr_bits();
    const uint64_t unit = bytes >= PAGE_2M ? PAGE_2M : PAGE_SIZE;
    const maddr_t start = ROUND_DOWN(addr, unit);
    const uint64_t units = DIV_ROUND_UP(addr + bytes - start, unit);
    char *base;

    if (!bytes || addr >= limit || bytes > limit - addr)
        return NULL;
    machine_lock_take(&paging.device_lock);
    if (unit == PAGE_2M)
        base = device_map_large(start, (unsigned)MIN(units, 513));
    else
        base = device_map_small(start, (unsigned)units);
    machine_lock_drop(&paging.device_lock);
    return base ? base + (addr - start) : NULL;
}

/* ---- CPU windows ----------------------------------------------------------------------------- */

void *window_virt(unsigned cpu)
{
    return (void *)(CPUS_VIRT + (uint64_t)cpu * WINDOW_SIZE);
}

void *machine_cpu_block(unsigned cpu)
{
    return (char *)window_virt(cpu) + WINDOW_BLOCK + BLOCK_PERCPU;
}

static void window_map(uint64_t *l1, unsigned offset, void *(*page)(void))
{
    pte_write(&l1[offset >> PAGE_SHIFT], machine_maddr(page()) | PTE_DATA);
}

uint64_t *window_create(unsigned cpu, void *(*page)(void))
{
    static const unsigned stacks[] = { BLOCK_STACK_DB, BLOCK_STACK_NMI, BLOCK_STACK_MC,
                                       BLOCK_STACK_DF };
    extern char percpu_start[], percpu_end[];
    const size_t data = BLOCK_PERCPU + (size_t)(percpu_end - percpu_start);
    uint64_t *l1 = page();

    for (unsigned offset = 0; offset < data; offset += PAGE_SIZE)
        window_map(l1, WINDOW_BLOCK + offset, page);
    for (unsigned i = 0; i < ARRAY_SIZE(stacks); i++)
        window_map(l1, WINDOW_BLOCK + stacks[i] - (unsigned)PAGE_SIZE, page);
    for (unsigned i = 1; i <= BLOCK_STACK_PAGES; i++)
        window_map(l1, WINDOW_BLOCK + BLOCK_STACK - i * (unsigned)PAGE_SIZE, page);
    pte_write(&cpus_l2[cpu], machine_maddr(l1) | PTE_TABLE);
    return l1;
}
