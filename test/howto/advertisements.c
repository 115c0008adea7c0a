/* SPDX-License-Identifier: Apache-2.0 */
/* advertisements - programs offered to collections */
#include "howto.h"

#include <stdlib.h>
#include <string.h>

enum { OVERRIDE_SERVICE_WINDOWS = 0x00100000, REBOOT_OUTSIDE_OF_SERVICE_WINDOWS = 0x00200000, WAKE_ON_LAN_ENABLED = 0x00400000 };

static char *new_collection(struct howto *h, const char *name)
{
        json_t *stored = put_new(h, "SMS_Collection", json_pack("{ss ss}", "Name", name, "LimitToCollectionID", "SMS00001"));
        char *id = path_of("%s", text_of(stored, "CollectionID"));

        ok(h, strlen(id) == 8, "a collection: %s", id);
        json_decref(stored);
        return id;
}

/* "How to Create an Advertisement": SpawnInstance_, its properties, Put_. */
static char *create_an_advertisement(struct howto *h, const char *collection)
{
        json_t *stored = put_new(h, "SMS_Advertisement",
                json_pack("{ss ss ss ss ss si ss sb}", "CollectionID", collection, "PackageID", h->package, "ProgramName",
                          "New Program", "AdvertisementName", "New Advertisement", "Comment", "A comment", "AdvertFlags", 0,
                          "PresentTime", "2026-01-02T03:04:00Z", "PresentTimeEnabled", 1));
        char *path = path_of("SMS_Advertisement.AdvertisementID='%s'", text_of(stored, "AdvertisementID"));
        json_t *advert = get_object(h, path);

        ok(h, strlen(text_of(stored, "AdvertisementID")) == 8 && has_text(advert, "AdvertisementName", "New Advertisement") &&
                has_text(advert, "CollectionID", collection) && has_text(advert, "PackageID", h->package) &&
                has_text(advert, "ProgramName", "New Program") && has_text(advert, "SourceSite", "P01") &&
                has_text(advert, "PresentTime", "2026-01-02T03:04:00Z") && json_is_true(json_object_get(advert, "PresentTimeEnabled")),
           "15: an advertisement is created: %s", text_of(stored, "AdvertisementID"));
        json_decref(advert);
        json_decref(stored);
        return path;
}

/* "How to Modify an Advertisement": Get, Comment, Put_. */
static void modify_an_advertisement(struct howto *h, const char *path)
{
        json_t *advert = get_object(h, path);

        json_object_set_new(advert, "Comment", json_string("New comment"));
        ok(h, put_back(h, path, advert), "16: an advertisement is put back");
        json_decref(advert);
        advert = get_object(h, path);
        ok(h, has_text(advert, "Comment", "New comment") && has_text(advert, "PresentTime", "2026-01-02T03:04:00Z"),
           "16: with another comment");
        json_decref(advert);
}

/* "How to Assign an Advertisement to a Collection": Get, CollectionID, Put_. */
static void assign_to_a_collection(struct howto *h, const char *path, const char *collection)
{
        json_t *advert = get_object(h, path);

        json_object_set_new(advert, "CollectionID", json_string(collection));
        ok(h, put_back(h, path, advert), "17: an advertisement gets another collection");
        json_decref(advert);
        advert = get_object(h, path);
        ok(h, advert && has_text(advert, "CollectionID", collection), "17: and has it");
        json_decref(advert);
        ok(h, !put_some(h, path, json_pack("{ss}", "CollectionID", "P01FFFFF")), "17: not one that is not there");
}

/* "How to Set an Advertisement as Mandatory and Enable Wake On LAN", "How to Override Maintenance Windows", "How to Reboot
 * Outside of a Maintenance Window": Get, AdvertFlags |=, Put_. */
static void set_flags(struct howto *h, const char *path)
{
        static const json_int_t flags[] = { WAKE_ON_LAN_ENABLED, OVERRIDE_SERVICE_WINDOWS, REBOOT_OUTSIDE_OF_SERVICE_WINDOWS };
        json_int_t all = 0;
        json_t *advert;

        for (int i = 0; i < 3; i++) {
                advert = get_object(h, path);
                ok(h, number_of(advert, "AdvertFlags") == all, "18: AdvertFlags are %#llx", (long long)all);
                all |= flags[i];
                json_object_set_new(advert, "AdvertFlags", json_integer(number_of(advert, "AdvertFlags") | flags[i]));
                ok(h, put_back(h, path, advert), "18: one more flag is put");
                json_decref(advert);
        }
        advert = get_object(h, path);
        ok(h, number_of(advert, "AdvertFlags") == (WAKE_ON_LAN_ENABLED | OVERRIDE_SERVICE_WINDOWS | REBOOT_OUTSIDE_OF_SERVICE_WINDOWS),
           "18: all three are set");
        json_decref(advert);
}

/* The same page: AssignedSchedule, a lazy array of tokens, and AssignedScheduleEnabled. */
static void make_it_mandatory(struct howto *h, const char *path)
{
        json_t *advert = get_object(h, path), *row, *list;
        char *wql = path_of("SELECT * FROM SMS_Advertisement WHERE PackageID='%s'", h->package);

        json_object_set_new(advert, "AssignedScheduleEnabled", json_true());
        json_object_set_new(advert, "AssignedSchedule",
                            json_pack("[{ss ss si}]", "__CLASS", "SMS_ST_RecurInterval", "StartTime", "2026-02-01T04:00:00Z", "DaySpan", 7));
        ok(h, put_back(h, path, advert), "18: a schedule is assigned");
        json_decref(advert);
        advert = get_object(h, path);
        list = json_object_get(advert, "AssignedSchedule");
        ok(h, json_array_size(list) == 1 && has_text(json_array_get(list, 0), "__CLASS", "SMS_ST_RecurInterval") &&
                number_of(json_array_get(list, 0), "DaySpan") == 7, "18: and is read back");
        row = first_of(h, wql);
        ok(h, row && json_is_null(json_object_get(row, "AssignedSchedule")), "18: by path only");
        json_decref(row);
        json_decref(advert);
        free(wql);
}

/* "How to Delete a Package": adverts go first. */
static void delete_in_order(struct howto *h, const char *path)
{
        char *package = path_of("SMS_Package.PackageID='%s'", h->package);

        ok(h, !delete_object(h, package), "4: a package that is advertised stays");
        ok(h, delete_object(h, path), "4: the advertisement is deleted");
        ok(h, !get_object(h, path) && failed_with(h, TALLYMAN_E_NOT_FOUND, NULL), "4: and is gone");
        free(package);
}

void howtos_of_advertisements(struct howto *h)
{
        char *one = new_collection(h, "All computers here"), *two = new_collection(h, "Others");
        char *path = create_an_advertisement(h, one);

        modify_an_advertisement(h, path);
        assign_to_a_collection(h, path, two);
        set_flags(h, path);
        make_it_mandatory(h, path);
        delete_in_order(h, path);
        free(path);
        free(two);
        free(one);
}
