/* SPDX-License-Identifier: Apache-2.0 */
/*
 * derive - the instances that show a fact
 *
 * A table a class: each property is a column, a constant or a word of its own.
 * The same in SQL: sql/site/schema/0002-views.sql, 0005-content-views.sql and
 * 0006-status-messages.sql; a property that is added there is added here.
 */
#include <errno.h>
#include <stdio.h>

#include "model/fact.h"
#include "model/state.h"

enum { KIB = 1024, INFORMATIONAL = 0x40000000, DP_ID_BITS = 20, NEVER_COPIED_1990 = 631152000 };

/* One side of a fact while an instance is made of it. */
struct side {
        const struct fact_value *v;
        int arg;                                /* of the slot */
        struct arena *arena;
};
typedef struct cim_value make_fn(const struct side *s);

enum source { IS_COLUMN, IS_NUMBER, IS_TEXT, IS_NULL, IS_MADE };
struct shown {
        const char *property;
        enum source source;
        int64_t n;                              /* column or number */
        const char *text;
        make_fn *make;
};
#define COLUMN(p, c) { .property = (p), .source = IS_COLUMN, .n = (c) }
#define NUMBER(p, v) { .property = (p), .source = IS_NUMBER, .n = (v) }
#define TEXT(p, z) { .property = (p), .source = IS_TEXT, .text = (z) }
#define NOTHING(p) { .property = (p), .source = IS_NULL }
#define MADE(p, fn) { .property = (p), .source = IS_MADE, .make = (fn) }

/* ---- values that are made ---- */

static struct cim_value number(int64_t i)
{
        return (struct cim_value){ .i = i };
}

static struct cim_value words(const char *z)
{
        return z ? (struct cim_value){ .s = str_of(z) } : (struct cim_value){ .null = true };
}

static struct cim_value column(const struct side *s, int c)
{
        const struct fact_value *v = &s->v[c];

        if (v->null)
                return (struct cim_value){ .null = true };
        return v->s.p ? (struct cim_value){ .s = v->s } : number(v->i);
}

static struct cim_value column_or(const struct side *s, int c, int64_t otherwise)
{
        return s->v[c].null ? number(otherwise) : column(s, c);
}

static int64_t int_of(const struct side *s, int c)
{
        return s->v[c].i;
}

static int state_of(const struct side *s)
{
        return (int)int_of(s, P_STATE);
}

static struct cim_value pair_id(const struct side *s)
{
        return number((int64_t)((uint64_t)int_of(s, P_PKG) << DP_ID_BITS | (uint64_t)int_of(s, P_DP)));
}

static struct cim_value object_type(const struct side *s)
{
        static const struct { int64_t package_type, id; } types[] = { { 3, 23 }, { 5, 24 }, { 6, 21 }, { 257, 18 }, { 258, 19 },
                                                                      { 259, 14 } };

        for (size_t i = 0; i < ARRAY_SIZE(types); i++)
                if (types[i].package_type == int_of(s, P_TYPE))
                        return number(types[i].id);
        return number(2);
}

static struct cim_value source_size(const struct side *s)
{
        return number((int_of(s, P_BYTES) + KIB - 1) / KIB);
}

static struct cim_value location(const struct side *s)
{
        return words(arena_printf(s->arena, "\\\\%.*s\\SMS_DP_SMSPKG$\\%.*s", STR_ARG(s->v[P_SERVER].s),
                                  STR_ARG(s->v[P_PACKAGE].s)));
}

static struct cim_value state_word(const struct side *s)
{
        return words(state_name(state_of(s)));
}

/* A number for each state, or what others have. */
static struct cim_value by_state(const int numbers[N_DP_STATES], int state, int otherwise)
{
        return number(state >= 0 && state < N_DP_STATES ? numbers[state] : otherwise);
}

/* MessageState: 1 success, 2 in progress, 3 tried again, 4 failed. */
static struct cim_value message_state(const struct side *s)
{
        static const int numbers[N_DP_STATES] = { 1, 2, 3, 4, 2, 3, 4, 2, 4 };

        return by_state(numbers, state_of(s), 2);
}

static struct cim_value next_step(const struct side *s)
{
        switch (state_of(s)) {
        case STATE_INSTALL_RETRYING:
                return words("it is tried again by itself; to try at once, redistribute");
        case STATE_INSTALL_FAILED:
                return words("remove the cause, then redistribute");
        case STATE_REMOVAL_RETRYING:
                return words("removal is tried again by itself");
        case STATE_REMOVAL_FAILED:
                return words("remove the cause, then remove again; if the machine is gone, remove the distribution point with force");
        case STATE_CONTENT_MONITORING:
                return words("redistribute: only what is missing or damaged is sent");
        default:
                return words(NULL);
        }
}

static struct cim_value last_refresh(const struct side *s)
{
        return column_or(s, P_COPIED, NEVER_COPIED_1990 * US_PER_SECOND);
}

static struct cim_value being_removed(const struct side *s)
{
        return number(state_is_removal(state_of(s)) ? 3 : 0);
}

/* SMS_PackageStatus.Status of a distribution point's row. */
static struct cim_value ledger_status(const struct side *s)
{
        static const int numbers[N_DP_STATES] = { 3, 0, 4, 5, 7, 9, 8, 0, 5 };

        return by_state(numbers, state_of(s), 0);
}

static struct cim_value record_id(const struct side *s)
{
        return column_or(s, P_RECORD, 0);
}

static struct cim_value message_id(const struct side *s)
{
        return column_or(s, P_MESSAGE, 0);
}

static struct cim_value severity(const struct side *s)
{
        return column_or(s, P_SEVERITY, INFORMATIONAL);
}

static struct cim_value full_id(const struct side *s)
{
        return number(severity(s).i | message_id(s).i);
}

static struct cim_value status_text(const struct side *s)
{
        return s->v[P_STATUS_TEXT].null ? words("") : column(s, P_STATUS_TEXT);
}

/* ---- the package's counters and condition ---- */

static struct str next_number(struct str at, int64_t *out)
{
        size_t i = 0;

        for (*out = 0; i < at.n && at.p[i] >= '0' && at.p[i] <= '9' && *out < INT64_MAX / 16; i++)
                *out = *out * 10 + (at.p[i] - '0');
        return str_from(at, MIN(i + 1, at.n));
}

/* How many DPs of the package are in a state, and since when. False: none. */
static bool category(const struct side *s, int state, int64_t *assets, int64_t *us)
{
        struct str at = s->v[P_CATEGORIES].null ? STR_NULL : s->v[P_CATEGORIES].s;

        while (at.n) {
                int64_t which;

                at = next_number(next_number(next_number(at, &which), assets), us);
                if (which == state)
                        return true;
        }
        return *assets = *us = 0, false;
}

static int64_t n_damaged(const struct side *s)
{
        int64_t n, us;

        (void)category(s, STATE_CONTENT_MONITORING, &n, &us);
        return n;
}

static struct cim_value content_errors(const struct side *s)
{
        return number(int_of(s, P_FAILED) + n_damaged(s));
}

static struct cim_value content_in_progress(const struct side *s)
{
        return number(int_of(s, P_ASSIGNED) - int_of(s, P_INSTALLED) - int_of(s, P_FAILED) - n_damaged(s));
}

static struct cim_value content_updated(const struct side *s)
{
        return column(s, s->v[P_LATEST_US].null ? P_SOURCE_US : P_LATEST_US);
}

static struct cim_value ready_reason(const struct side *s)
{
        if (int_of(s, P_ACTION) == 3)
                return words("Deleting");
        if (int_of(s, P_SOURCE_FLAG) == 1)
                return words("NoSource");
        if (int_of(s, P_READY))
                return words("Ready");
        if (s->v[P_BYTES].null && !s->v[P_SOURCE_ERROR].null)
                return words("SourceFailed");
        if (!int_of(s, P_TARGETED))
                return words("NotDistributed");
        if (s->v[P_BYTES].null)
                return words("Snapshot");
        return words(int_of(s, P_FAILED) > 0 ? "Failed" : int_of(s, P_RETRYING) > 0 ? "Retrying" : "InProgress");
}

static struct cim_value progress(const struct side *s)
{
        struct cim_value v;
        struct buf b;

        buf_init(&b, 0);
        buf_printf(&b, "version %lld is installed on %lld of %lld distribution points", (long long)int_of(s, P_VERSION),
                   (long long)int_of(s, P_INSTALLED), (long long)int_of(s, P_TARGETED));
        if (int_of(s, P_FAILED) > 0)
                buf_printf(&b, ", %lld failed", (long long)int_of(s, P_FAILED));
        if (int_of(s, P_RETRYING) > 0)
                buf_printf(&b, ", %lld retrying", (long long)int_of(s, P_RETRYING));
        if (s->v[P_BYTES].null)
                buf_addz(&b, "; its source folder is being read");
        v = (struct cim_value){ .s = arena_str(s->arena, buf_str(&b)) };
        buf_fini(&b);
        return v;
}

static struct cim_value ready_message(const struct side *s)
{
        if (int_of(s, P_ACTION) == 3)
                return words(arena_printf(s->arena, "being deleted: %lld distribution points still hold it",
                                          (long long)int_of(s, P_ASSIGNED)));
        if (int_of(s, P_SOURCE_FLAG) == 1)
                return words("the package has no source files, so nothing has to be distributed");
        if (s->v[P_BYTES].null && !s->v[P_SOURCE_ERROR].null)
                return column(s, P_SOURCE_ERROR);
        return int_of(s, P_TARGETED) ? progress(s) : words("distributed to no distribution point yet");
}

static struct cim_value category_assets(const struct side *s)
{
        int64_t n, us;

        (void)category(s, s->arg, &n, &us);
        return number(n);
}

static struct cim_value category_us(const struct side *s)
{
        int64_t n, us;

        (void)category(s, s->arg, &n, &us);
        return number(us);
}

static struct cim_value category_state(const struct side *s)
{
        return number(s->arg);
}

static struct cim_value category_type(const struct side *s)
{
        static const int numbers[N_DP_STATES] = { 1, 2, 2, 3, 2, 2, 3, 2, 3 };

        return by_state(numbers, s->arg, 2);
}

/* ---- the DP's counters ---- */

static struct cim_value dp_monitored(const struct side *s)
{
        return column_or(s, P_HEALTH, 0);
}

static struct cim_value dp_in_progress(const struct side *s)
{
        return number(int_of(s, P_DP_ASSIGNED) - int_of(s, P_DP_INSTALLED) - int_of(s, P_DP_FAILED));
}

static struct cim_value dp_message_state(const struct side *s)
{
        return number(int_of(s, P_DP_FAILED) > 0 ? 4 : int_of(s, P_DP_RETRYING) > 0 ? 3 :
                      int_of(s, P_DP_INSTALLED) < int_of(s, P_DP_ASSIGNED) ? 2 : 1);
}

/* ---- messages ---- */

static struct str replaced(const struct side *s, struct str in, char digit, const struct fact_value *by)
{
        struct buf b;
        struct str out;

        buf_init(&b, 0);
        for (size_t i = 0; i < in.n; i++) {
                if (in.p[i] == '%' && i + 1 < in.n && in.p[i + 1] == digit) {
                        buf_adds(&b, by->null ? STR("") : by->s);
                        i++;
                } else {
                        buf_addc(&b, in.p[i]);
                }
        }
        out = arena_str(s->arena, b.failed ? STR_NULL : buf_str(&b));
        buf_fini(&b);
        return out;
}

static struct cim_value message_words(const struct side *s)
{
        struct str text = replaced(s, s->v[M_TEXT].s, '1', &s->v[M_STRING1]);

        text = replaced(s, text, '2', &s->v[M_STRING2]);
        return (struct cim_value){ .s = replaced(s, text, '3', &s->v[M_STRING3]) };
}

static struct cim_value string_index(const struct side *s)
{
        return number(s->arg - M_STRING1);
}

static struct cim_value argument(const struct side *s)
{
        return column(s, s->arg);
}

static struct cim_value attribute_id(const struct side *s)
{
        return number(s->arg == M_PACKAGE ? 400 : s->arg == M_NAL_PATH ? 404 : 410);
}

static struct cim_value attribute_value(const struct side *s)
{
        return s->arg == M_VERSION ? words(arena_printf(s->arena, "%lld", (long long)int_of(s, M_VERSION))) : argument(s);
}

/* ---- which instances there are ---- */

static bool always(const struct side *s)
{
        return true;
}

static bool category_is_there(const struct side *s)
{
        int64_t n, us;

        return category(s, s->arg, &n, &us);
}

static bool argument_is_there(const struct side *s)
{
        return !s->v[s->arg].null;
}

/* ---- classes ---- */

#define EMPTY_STRINGS \
        TEXT("InsString4", ""), TEXT("InsString5", ""), TEXT("InsString6", ""), TEXT("InsString7", ""), TEXT("InsString8", ""), \
        TEXT("InsString9", "")

static const struct shown dist_points[] = {
        COLUMN("LastCopied", P_COPIED), COLUMN("PackageID", P_PACKAGE), COLUMN("PackageType", P_TYPE), NUMBER("SecuredTypeID", 2),
        COLUMN("SecureObjectID", P_PACKAGE), COLUMN("ServerNALPath", P_NAL_PATH), COLUMN("SiteCode", P_SITE),
        MADE("SourceNALPath", location), COLUMN("SourceVersion", P_HELD), COLUMN("State", P_STATE),
        COLUMN("SummaryDate", P_SUMMARY),
};
static const struct shown condition[] = {
        COLUMN("PackageID", P_PACKAGE), COLUMN("ServerNALPath", P_NAL_PATH), COLUMN("ServerName", P_SERVER),
        COLUMN("SiteCode", P_SITE), COLUMN("State", P_STATE), MADE("StateName", state_word), MADE("MessageState", message_state),
        COLUMN("ReasonCode", P_REASON_CODE), COLUMN("Reason", P_REASON), MADE("NextStep", next_step), COLUMN("Tries", P_TRIES),
        COLUMN("NextTry", P_NEXT_TRY), COLUMN("SourceVersion", P_HELD), COLUMN("TargetVersion", P_VERSION),
        COLUMN("BytesTotal", P_BYTES), COLUMN("BytesReceived", P_RECEIVED), COLUMN("BytesReused", P_REUSED),
        COLUMN("LastCopied", P_COPIED), COLUMN("SummaryDate", P_SUMMARY),
};
static const struct shown distribution_point[] = {
        NUMBER("BitsEnabled", 1), NUMBER("IsPeerDP", 0), COLUMN("IsProtected", P_PROTECTED), NOTHING("ISVData"),
        NUMBER("ISVDataSize", 0), NOTHING("ISVString"), MADE("LastRefreshTime", last_refresh), NUMBER("ObjectTypeID", 2),
        COLUMN("PackageID", P_PACKAGE), COLUMN("PackageType", P_TYPE), NUMBER("RefreshNow", 0),
        TEXT("ResourceType", "Windows NT Server"), COLUMN("SecureObjectID", P_PACKAGE), COLUMN("ServerNALPath", P_NAL_PATH),
        COLUMN("SiteCode", P_SITE), COLUMN("SiteName", P_SITE_NAME), COLUMN("SourceSite", P_SOURCE_SITE),
        MADE("Status", being_removed),
};
static const struct shown ledger[] = {
        MADE("Location", location), COLUMN("PackageID", P_PACKAGE), NUMBER("Personality", 0), COLUMN("PkgServer", P_NAL_PATH),
        TEXT("ShareName", ""), COLUMN("SiteCode", P_SITE), MADE("Status", ledger_status), NUMBER("Type", 2),
        COLUMN("UpdateTime", P_COPIED),
};
static const struct shown detail[] = {
        COLUMN("Failed", P_SITE_FAILED), COLUMN("Installed", P_SITE_INSTALLED), COLUMN("Name", P_NAME),
        COLUMN("PackageID", P_PACKAGE), COLUMN("Retrying", P_SITE_RETRYING), COLUMN("SiteCode", P_SITE),
        COLUMN("SiteName", P_SITE_NAME), COLUMN("SourceVersion", P_VERSION), COLUMN("SummaryDate", P_SITE_US),
        COLUMN("Targeted", P_SITE_TARGETED),
};
static const struct shown root[] = {
        COLUMN("Failed", P_FAILED), COLUMN("Installed", P_INSTALLED), COLUMN("Name", P_NAME), COLUMN("PackageID", P_PACKAGE),
        COLUMN("Retrying", P_RETRYING), NUMBER("SourceCompressedSize", 0), COLUMN("SourceDate", P_SOURCE_US),
        COLUMN("SourceSite", P_SOURCE_SITE), MADE("SourceSize", source_size), COLUMN("SourceVersion", P_VERSION),
        COLUMN("Targeted", P_TARGETED),
};
static const struct shown package_condition[] = {
        COLUMN("PackageID", P_PACKAGE), COLUMN("Name", P_NAME), COLUMN("SourceVersion", P_VERSION), COLUMN("Ready", P_READY),
        MADE("ReadyReason", ready_reason), MADE("ReadyMessage", ready_message), COLUMN("ReadyTime", P_READY_US),
};
static const struct shown content_info[] = {
        COLUMN("DateCreated", P_CREATED_US), COLUMN("Description", P_DESCRIPTION), NUMBER("FeatureType", 8),
        MADE("LastUpdateDate", content_updated), MADE("NumberErrors", content_errors),
        MADE("NumberInProgress", content_in_progress), COLUMN("NumberSuccess", P_INSTALLED), NUMBER("NumberUnknown", 0),
        COLUMN("ObjectID", P_PACKAGE), COLUMN("ObjectType", P_TYPE), MADE("ObjectTypeID", object_type),
        COLUMN("PackageID", P_PACKAGE), COLUMN("SoftwareName", P_NAME), COLUMN("SourceSite", P_SOURCE_SITE),
        MADE("SourceSize", source_size), COLUMN("SourceVersion", P_VERSION), COLUMN("Targeted", P_TARGETED),
};
static const struct shown dp_status[] = {
        COLUMN("GroupCount", P_GROUPS), MADE("ID", pair_id), COLUMN("InsString1", P_PACKAGE), TEXT("InsString10", ""),
        COLUMN("InsString2", P_SERVER), MADE("InsString3", status_text), EMPTY_STRINGS, NUMBER("IsPeerDP", 0),
        MADE("LastStatusID", record_id), COLUMN("LastUpdateDate", P_SUMMARY), COLUMN("MessageCategory", P_STATE),
        MADE("MessageFullID", full_id), MADE("MessageID", message_id), MADE("MessageSeverity", severity),
        MADE("MessageState", message_state), COLUMN("NalPath", P_NAL_PATH), COLUMN("Name", P_SERVER),
        COLUMN("ObjectID", P_PACKAGE), MADE("ObjectTypeID", object_type), COLUMN("PackageID", P_PACKAGE),
        TEXT("ResourceType", "Windows NT Server"), COLUMN("SiteCode", P_SITE),
};
static const struct shown status_details[] = {
        COLUMN("DPName", P_SERVER), MADE("ID", pair_id), COLUMN("InsString1", P_PACKAGE), TEXT("InsString10", ""),
        COLUMN("InsString2", P_SERVER), MADE("InsString3", status_text), EMPTY_STRINGS, COLUMN("LastStatusTime", P_STATUS_US),
        COLUMN("MessageCategory", P_STATE), MADE("MessageFullID", full_id), MADE("MessageID", message_id),
        MADE("MessageSeverity", severity), MADE("MessageState", message_state), COLUMN("NALPath", P_NAL_PATH),
        COLUMN("PackageID", P_PACKAGE), COLUMN("SiteCode", P_SITE), MADE("StatusMsgID", record_id),
};
static const struct shown dp_info[] = {
        MADE("IsDPMonEnabled", dp_monitored), NUMBER("IsMulticast", 0), NUMBER("IsPullDP", 0), NUMBER("IsPXE", 0),
        COLUMN("LastStatusTime", P_DP_US), COLUMN("MessageCount", P_DP_ASSIGNED), MADE("MessageState", dp_message_state),
        COLUMN("NALPath", P_NAL_PATH), COLUMN("Name", P_SERVER), COLUMN("NumberErrors", P_DP_FAILED),
        MADE("NumberInProgress", dp_in_progress), COLUMN("NumberInstalled", P_DP_INSTALLED), NUMBER("NumberUnknown", 0),
        COLUMN("Version", P_AGENT),
};
static const struct shown distribution_status[] = {
        MADE("Assets", category_assets), MADE("LastUpdateDate", category_us), MADE("MessageCategory", category_state),
        COLUMN("ObjectID", P_PACKAGE), MADE("ObjectTypeID", object_type), COLUMN("PackageID", P_PACKAGE),
        MADE("Type", category_type),
};
static const struct shown status_message[] = {
        COLUMN("Component", M_COMPONENT), COLUMN("MachineName", M_MACHINE), COLUMN("MessageID", M_MESSAGE),
        NUMBER("MessageType", 256), TEXT("ModuleName", "SMS Server"), NUMBER("PerClient", 0), NUMBER("ProcessID", 0),
        COLUMN("RecordID", M_RECORD), NUMBER("ReportFunction", 0), COLUMN("Severity", M_SEVERITY), COLUMN("SiteCode", M_SITE),
        NUMBER("SuccessfulTransaction", 0), NUMBER("ThreadID", 0), COLUMN("Time", M_US), TEXT("TopLevelSiteCode", ""),
        NUMBER("Transaction", 0), NUMBER("Win32Error", 0),
};
static const struct shown insertion_string[] = {
        MADE("InsStrIndex", string_index), MADE("InsStrValue", argument), COLUMN("RecordID", M_RECORD),
};
static const struct shown attribute[] = {
        MADE("AttributeID", attribute_id), COLUMN("AttributeTime", M_US), MADE("AttributeValue", attribute_value),
        COLUMN("RecordID", M_RECORD),
};
static const struct shown tm_message[] = {
        COLUMN("RecordID", M_RECORD), COLUMN("MessageID", M_MESSAGE), COLUMN("Severity", M_SEVERITY),
        COLUMN("Component", M_COMPONENT), COLUMN("Time", M_US), COLUMN("SiteCode", M_SITE), COLUMN("PackageID", M_PACKAGE),
        COLUMN("ServerName", M_STRING2), COLUMN("PackageVersion", M_VERSION), MADE("Text", message_words),
        COLUMN("Cause", M_CAUSE), COLUMN("NextStep", M_NEXT_STEP),
};

struct slot {
        const char *class_name;
        const struct shown *shown;
        size_t n;
        int arg;
        bool (*is_there)(const struct side *s);
};
#define SLOT(c, table, is_there, arg) { (c), (table), ARRAY_SIZE(table), (arg), (is_there) }
#define STATUS(state) SLOT("SMS_DistributionStatus", distribution_status, category_is_there, (state))

static const struct slot pair_slots[] = {
        SLOT("SMS_PackageStatusDistPointsSummarizer", dist_points, always, 0),
        SLOT("TM_DistributionCondition", condition, always, 0),
        SLOT("SMS_DistributionPoint", distribution_point, always, 0),
        SLOT("SMS_PackageStatus", ledger, always, 0),
        SLOT("SMS_PackageStatusDetailSummarizer", detail, always, 0),
        SLOT("SMS_PackageStatusRootSummarizer", root, always, 0),
        SLOT("TM_PackageCondition", package_condition, always, 0),
        SLOT("SMS_ObjectContentInfo", content_info, always, 0),
        SLOT("SMS_DistributionDPStatus", dp_status, always, 0),
        SLOT("SMS_DPStatusDetails", status_details, always, 0),
        SLOT("SMS_DPStatusInfo", dp_info, always, 0),
        STATUS(0), STATUS(1), STATUS(2), STATUS(3), STATUS(4), STATUS(5), STATUS(6), STATUS(7), STATUS(8),
};
static const struct slot message_slots[] = {
        SLOT("SMS_StatusMessage", status_message, always, 0),
        SLOT("SMS_StatMsgInsStrings", insertion_string, argument_is_there, M_STRING1),
        SLOT("SMS_StatMsgInsStrings", insertion_string, argument_is_there, M_STRING2),
        SLOT("SMS_StatMsgInsStrings", insertion_string, argument_is_there, M_STRING3),
        SLOT("SMS_StatMsgAttributes", attribute, argument_is_there, M_PACKAGE),
        SLOT("SMS_StatMsgAttributes", attribute, argument_is_there, M_NAL_PATH),
        SLOT("SMS_StatMsgAttributes", attribute, argument_is_there, M_VERSION),
        SLOT("TM_StatusMessage", tm_message, always, 0),
};
_Static_assert(ARRAY_SIZE(pair_slots) <= FACT_SLOTS_MAX && ARRAY_SIZE(message_slots) <= FACT_SLOTS_MAX, "slots");

static const struct slot *slot_of(enum fact_kind kind, size_t i)
{
        return kind == FACT_PAIR ? &pair_slots[i] : &message_slots[i];
}

size_t fact_n_slots(enum fact_kind kind)
{
        return kind == FACT_PAIR ? ARRAY_SIZE(pair_slots) : ARRAY_SIZE(message_slots);
}

const char *fact_class_name(enum fact_kind kind, size_t slot)
{
        return slot_of(kind, slot)->class_name;
}

bool fact_shows(const struct cim_class *c)
{
        for (size_t i = 0; i < ARRAY_SIZE(pair_slots); i++)
                if (strcmp(pair_slots[i].class_name, c->name) == 0)
                        return true;
        return false;
}

static struct cim_value value_of(const struct side *s, const struct shown *p)
{
        switch (p->source) {
        case IS_COLUMN:
                return column(s, (int)p->n);
        case IS_NUMBER:
                return number(p->n);
        case IS_TEXT:
                return words(p->text);
        case IS_MADE:
                return p->make(s);
        default:
                return words(NULL);
        }
}

int fact_instance(const struct fact *f, bool after, size_t slot, struct arena *a, struct cim_instance **out)
{
        const struct slot *d = slot_of(f->kind, slot);
        const struct cim_class *c = cim_class_find(str_of(d->class_name));
        const struct side s = { after ? f->after : f->before, d->arg, a };

        *out = NULL;
        if (!d->is_there(&s) || (f->kind == FACT_MESSAGE && !after))
                return 0;
        *out = cim_instance_new(c, a);
        for (size_t i = 0; *out && i < d->n; i++) {
                /* The tables have the schema's order; where it was changed, the name decides. */
                const bool here = i < c->n_properties && strcmp(c->properties[i].name, d->shown[i].property) == 0;
                const int k = here ? (int)i : cim_property_find(c, str_of(d->shown[i].property));

                if (k >= 0)
                        (*out)->values[k] = value_of(&s, &d->shown[i]);
        }
        return *out ? 0 : -ENOMEM;
}
