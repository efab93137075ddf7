/* SPDX-License-Identifier: MIT */
/*
 * What the files of the grant tables share: active entries and pins (grant_pin.c), handles of
 * mappings (maptrack.c), and finding the domain that a call names (grant.c).
 */
#ifndef LAMINA_CORE_GRANT_TABLE_H
#define LAMINA_CORE_GRANT_TABLE_H

#include "core/domain.h"
#include "mm/page.h"

#define GRANTS_PER_FRAME (PAGE_SIZE / sizeof(struct grant_entry_v1))

/* ---- pins: uses of a grant, counted by kind -------------------------------------------------- */

enum grant_pin { PIN_HOST_READ, PIN_HOST_WRITE, PIN_DEVICE_READ, PIN_DEVICE_WRITE, GRANT_PINS };
#define PIN_BIT(kind) (1u << (kind))
#define PINS_WRITE    (PIN_BIT(PIN_HOST_WRITE) | PIN_BIT(PIN_DEVICE_WRITE))
#define PINS_DEVICE   (PIN_BIT(PIN_DEVICE_READ) | PIN_BIT(PIN_DEVICE_WRITE))

/* What the hypervisor keeps of one grant; all 0 while it is not in use. Under the table's lock. */
struct grant_active {
    uint16_t pins[GRANT_PINS];
    uint32_t frame; /* machine frame, fixed by the first pin */
    domid_t domid;  /* who pins: one domain at a time */
};

/*
 * Pin grant `ref` of rd for domain `user`, once for each kind in the set `kinds`, with the
 * references on its frame that go with each: a plain one, and a writable type reference for a write
 * pin. Takes rd's grant and account locks. GNTST_okay and *mfn, or nothing has changed: bad_gntref:
 * beyond the table; general_error: not granted so, or the frame cannot be written; no_space: too
 * many pins; bad_page: not rd's frame. `mapping`: not a copy; sub-page grants cannot be mapped.
 */
int16_t grant_pin_get(struct domain *rd, grant_ref_t ref, domid_t user, unsigned kinds,
                      bool mapping, mfn_t *mfn) must_check;
/*
 * Undo; `refs`: the kinds whose references are dropped too (a subset; the rest live on elsewhere).
 */
void grant_pin_put(struct domain *rd, grant_ref_t ref, unsigned kinds, unsigned refs);
/* The frame of a pinned grant. */
mfn_t grant_pinned_frame(struct domain *rd, grant_ref_t ref) must_check;

/* Index checked by the caller. Lock held. */
struct grant_entry_v1 guest_shared *grant_entry(const struct domain *d, grant_ref_t ref);
struct grant_active *grant_active(const struct domain *d, grant_ref_t ref);
static inline unsigned grant_count(const struct grant_table *table)
{
    return READ_ONCE(table->nr_frames) * (unsigned)GRANTS_PER_FRAME;
}
static inline bool grant_is_pinned(const struct grant_active *act)
{
    return act->pins[0] || act->pins[1] || act->pins[2] || act->pins[3];
}

/* References of `kinds` on a frame of rd, all or none. Both take an account lock. GNTST_* */
int16_t grant_frame_get(struct domain *rd, mfn_t mfn, unsigned kinds) must_check;
void grant_frame_put(mfn_t mfn, unsigned kinds);

/* The pins that the parts of a mapping need: host_map, device_map and readonly of GNTMAP_*. */
unsigned grant_kinds(unsigned flags);
/* Machine address of the entry of a host mapping; 0: none. Whose table it is in, mm/ checks. */
maddr_t grant_host_slot(const struct vcpu *v, uint64_t host_addr, unsigned flags);

/* ---- handles --------------------------------------------------------------------------------- */

#define MAPTRACK_NONE     UINT32_MAX
#define MAPTRACK_PER_PAGE 256

/* flags of a handle: the parts that are mapped now, and how. No part mapped: handle not valid. */
#define MAPTRACK_PARTS (GNTMAP_host_map | GNTMAP_device_map)
#define MAPTRACK_FLAGS (MAPTRACK_PARTS | GNTMAP_readonly | GNTMAP_contains_pte)

/* One mapping. Under the mapping domain's grant lock. */
struct maptrack {
    struct domain *rd;  /* with a reference; NULL: free, or reserved and not yet mapped */
    union {
        grant_ref_t ref;
        uint32_t next_free;
    };
    uint8_t flags;      /* MAPTRACK_FLAGS */
    uint16_t unmapping; /* unmap operations that have claimed a part and not ended yet */
};
static_assert(sizeof(struct maptrack) == 16, "256 of them fill a page");

/* A handle that nobody else gets, not valid yet; MAPTRACK_NONE: limit reached or no memory. */
grant_handle_t maptrack_reserve(struct domain *ld) must_check;
void maptrack_cancel(struct domain *ld, grant_handle_t handle);
/* Make it valid; takes over the caller's reference to rd. */
void maptrack_publish(struct domain *ld, grant_handle_t handle, struct domain *rd, grant_ref_t ref,
                      unsigned flags);
/*
 * Claim the parts of a valid handle that are in `parts` (perhaps none of them is mapped): they are
 * no longer mapped for anyone else. False: no such handle. *out: its state before. End each success
 * by maptrack_unclaim() (they are mapped again) or maptrack_end() (they are gone).
 */
bool maptrack_claim(struct domain *ld, grant_handle_t handle, unsigned parts, struct maptrack *out)
    must_check;
void maptrack_unclaim(struct domain *ld, grant_handle_t handle, unsigned parts);
/*
 * Frees the handle with the last part; the reference to its domain is then dropped. No lock held.
 */
void maptrack_end(struct domain *ld, grant_handle_t handle);
/* Lock held; handle < nr_maptrack. */
struct maptrack *maptrack_at(const struct domain *ld, grant_handle_t handle);
bool maptrack_check(struct domain *ld);
/*
 * End of the domain: give the highest page of handles back, none of them in use. No new ones then.
 */
void maptrack_shrink(struct domain *ld);
void maptrack_destroy(struct domain *ld);

/* ---- domains --------------------------------------------------------------------------------- */

/* The other party of a map or copy, with a reference; NULL: none, or it is dying. */
struct domain *grant_peer_get(domid_t id) must_check;

#endif
