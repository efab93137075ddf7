// SPDX-License-Identifier: MIT
//
// A reference, block of memory or lock that an error path keeps. "Error path" is a return of a
// constant error, of false or of NULL; for locks and for references to domains it is every return.

@initialize:python@
@@
import re

# A function with "lock" in its name gives what it locked to its caller.
def hands_over(p):
    return re.search(r"(^|_)lock(_|$)", p[0].current_element)

// ---- references to domains: held until put, stored somewhere or returned ----

@domain exists@
local idexpression struct domain *d;
identifier get = {domain_get, domain_get_target, grant_peer_get, target_get};
identifier keep = {domain_put, target_put, target_release, maptrack_publish, domain_after};
expression e, r;
position p, q;
@@
 d = get@p(...)
 ... when != keep(..., d, ...)
     when != true !d
     when != true d == NULL
     when != false d
     when != e = d

 return@q r;

@script:python@
p << domain.p;
q << domain.q;
d << domain.d;
r << domain.r;
@@
if d not in re.findall(r"\w+", r):
    print("%s:%s: put_missing: domain of line %s" % (q[0].file, q[0].line, p[0].line))

// ---- locks ----

@lock exists@
expression l, r;
identifier take = {lock_take, mm_lock, machine_lock_take};
identifier drop = {lock_drop, mm_unlock, machine_lock_drop};
position p, q;
@@
 take@p(l)
 ... when != drop(l)
 \(return@q;\|return@q r;\)

@script:python@
p << lock.p;
q << lock.q;
@@
if not hands_over(p):
    print("%s:%s: put_missing: lock of line %s" % (q[0].file, q[0].line, p[0].line))

@pair exists@
expression a, b, r;
identifier take = {mm_lock_pair, evtchn_lock_pair};
identifier drop = {mm_unlock_pair, evtchn_unlock_pair};
position p, q;
@@
 take@p(a, b)
 ... when != drop(a, b)
     when != drop(b, a)
 \(return@q;\|return@q r;\)

@script:python@
p << pair.p;
q << pair.q;
@@
if not hands_over(p):
    print("%s:%s: put_missing: locks of line %s" % (q[0].file, q[0].line, p[0].line))

// ---- references on frames: get says by its result whether there is one ----

@frame exists@
expression x;
constant C;
identifier get = {page_get, frame_get, page_get_type, page_get_and_type, reference_get, table_get,
                  writable_get, ref_get};
identifier put = {page_put, frame_put, page_put_type, page_put_and_type, reference_put, table_put,
                  writable_put, ref_put, references_put, frames_put};
statement S;
position p, q;
@@
(
 if (!get@p(..., x, ...)) S
|
 if (get@p(..., x, ...)) S
|
 if (get@p(..., x, ...) != 0) S
)
 ... when != put(..., x, ...)
(
 return@q -C;
|
 return@q false;
|
 return@q NULL;
)

@script:python@
p << frame.p;
q << frame.q;
@@
print("%s:%s: put_missing: reference of line %s" % (q[0].file, q[0].line, p[0].line))

// ---- memory ----

@memory exists@
local idexpression m;
identifier get = {heap_alloc, frames_alloc};
identifier put = {heap_free, frames_release, memory_free};
expression e;
constant C;
position p, q;
@@
 m = get@p(...)
 ... when != put(..., m, ...)
     when != true !m
     when != true m == NULL
     when != true mfn_eq(m, MFN_INVALID)
     when != false m
     when != e = m
     when != e = <+... m ...+>
(
 return@q -C;
|
 return@q false;
|
 return@q NULL;
)

@script:python@
p << memory.p;
q << memory.q;
@@
print("%s:%s: put_missing: memory of line %s" % (q[0].file, q[0].line, p[0].line))
