/* SPDX-License-Identifier: Apache-2.0 */
/* packages - creating, changing and deleting packages */
#include "howto.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <stdio.h>

enum { USE_BINARY_DELTA_REP = 0x04000000, DISTRIBUTE_ON_DEMAND = 0x40000000 };

static void write_file(const char *folder, const char *name, size_t size)
{
        char *path = path_of("%s/%s", folder, name);
        FILE *f = fopen(path, "w");

        for (size_t i = 0; f && i < size; i++)
                (void)fputc((int)(i * 7 + size) & 255, f);
        if (f)
                (void)fclose(f);
        free(path);
}

/* "How to Create a Package": SpawnInstance_, Name, Description, PkgSourceFlag, PkgSourcePath, Put_. */
static void create_a_package(struct howto *h)
{
        json_t *stored, *row;
        char *path, *wql;

        (void)mkdir(h->folder, 0755);
        write_file(h->folder, "setup.bin", 70000);
        write_file(h->folder, "readme.txt", 300);
        stored = put_new(h, "SMS_Package", json_pack("{ss ss si ss}", "Name", "New Package", "Description",
                                                     "A new package", "PkgSourceFlag", 2, "PkgSourcePath", h->folder));
        (void)snprintf(h->package, sizeof(h->package), "%s", text_of(stored, "PackageID"));
        ok(h, strlen(h->package) == 8 && strncmp(h->package, "P01", 3) == 0, "2: a package is created, Put_ gives its key: %s",
           h->package);
        path = path_of("SMS_Package.PackageID='%s'", h->package);
        row = get_object(h, path);
        ok(h, has_text(row, "Name", "New Package") && has_text(row, "Description", "A new package") &&
                number_of(row, "PkgSourceFlag") == 2 && has_text(row, "PkgSourcePath", h->folder) &&
                has_text(row, "SourceSite", "P01"), "2: it has what was put");
        json_decref(row);
        wql = path_of("SELECT * FROM SMS_Package WHERE PackageID = '%s' AND SourceVersion = 1 AND ActionInProgress = 0", h->package);
        ok(h, wait_for(h, "SMS_Package", wql), "2: its source is read: version 1");
        free(wql);
        free(path);
        json_decref(stored);
}

/* The second sample of the page: an App-V package. */
static void create_a_virtual_application(struct howto *h)
{
        json_t *stored = put_new(h, "SMS_Package", json_pack("{ss ss si si ss}", "Name", "App-V", "Description", "virtual",
                                                             "PackageType", 7, "PkgSourceFlag", 2, "PkgSourcePath", h->folder));
        char *path = path_of("SMS_Package.PackageID='%s'", text_of(stored, "PackageID"));

        ok(h, number_of(stored, "PackageType") == 7, "2: a virtual application package");
        ok(h, delete_object(h, path), "2: and it can be deleted");
        free(path);
        json_decref(stored);
}

/* "How to Configure Package Properties": Get, Description, Put_. */
static void configure_package_properties(struct howto *h)
{
        char *path = path_of("SMS_Package.PackageID='%s'", h->package);
        json_t *before = get_object(h, path), *after;

        json_object_set_new(before, "Description", json_string("This is a new description"));
        ok(h, put_back(h, path, before), "3: the whole object is put back");
        after = get_object(h, path);
        ok(h, has_text(after, "Description", "This is a new description") && has_text(after, "Name", "New Package") &&
                number_of(after, "SourceVersion") == 1, "3: the description is new, the rest is as it was");
        json_decref(after);
        json_decref(before);
        free(path);
}

/* "How to Enable Binary Delta Replication for a Package", "... Distribute on Demand Flag": PkgFlags |=, Put_, Get. */
static void set_package_flags(struct howto *h)
{
        static const int64_t flags[] = { USE_BINARY_DELTA_REP, DISTRIBUTE_ON_DEMAND };
        char *path = path_of("SMS_Package.PackageID='%s'", h->package);
        int64_t all = 0;

        for (int i = 0; i < 2; i++) {
                json_t *package = get_object(h, path), *again;

                all = number_of(package, "PkgFlags") | flags[i];
                json_object_set_new(package, "PkgFlags", json_integer(all));
                ok(h, put_back(h, path, package), "%d: PkgFlags are put", 5 + i);
                again = get_object(h, path);
                ok(h, again && number_of(again, "PkgFlags") == all, "%d: and are read back: %#llx", 5 + i, (long long)all);
                json_decref(again);
                json_decref(package);
        }
        ok(h, all == (USE_BINARY_DELTA_REP | DISTRIBUTE_ON_DEMAND), "6: the first flag is still set");
        ok(h, put_some(h, path, json_pack("{sI}", "PkgFlags", (json_int_t)0)), "6: flags taken back");
        free(path);
}

/* "How to Create a Package by Using a Package Definition File Template", behind GetPDFData: path.Keys("PackageID") of the
 * package's Put_ goes into each program. */
static void package_with_its_programs(struct howto *h)
{
        static const char *const programs[] = { "Per-system attended", "Per-system unattended", "Per-system uninstall" };
        json_t *stored = put_new(h, "SMS_Package", json_pack("{ss ss ss ss si ss}", "Name", "Definition", "Version", "1.0",
                                                             "Manufacturer", "Contoso", "Language", "English",
                                                             "PkgSourceFlag", 2, "PkgSourcePath", h->folder));
        const char *id = text_of(stored, "PackageID");
        char *path = path_of("SMS_Package.PackageID='%s'", id);
        char *wql = path_of("SELECT * FROM SMS_Program WHERE PackageID = '%s' ORDER BY ProgramName", id);
        json_t *rows;

        for (int i = 0; i < 3; i++)
                json_decref(put_new(h, "SMS_Program", json_pack("{ss ss ss}", "PackageID", id, "ProgramName", programs[i],
                                                                "CommandLine", "setup")));
        rows = exec_query(h, wql);
        ok(h, json_array_size(rows) == 3 && has_text(json_array_get(rows, 2), "ProgramName", programs[2]),
           "7: a package and the programs of its definition");
        ok(h, delete_object(h, path), "7: deleted with its programs");
        json_decref(rows);
        rows = exec_query(h, wql);
        ok(h, rows && json_array_size(rows) == 0, "7: none of them is left");
        json_decref(rows);
        json_decref(stored);
        free(wql);
        free(path);
}

/* "How to Create a Package by Using a Package Definition File Template". */
static void package_from_a_definition(struct howto *h)
{
        json_t *definition, *out;

        if (!has_class(h, "SMS_PDF_Package")) {
                ok(h, !exec_query(h, "SELECT * FROM SMS_PDF_Package") && failed_with(h, TALLYMAN_E_INVALID, "WBEM_E_INVALID_CLASS"),
                   "7: definition files are no part of this site, and it says so");
                return;
        }
        definition = first_of(h, "SELECT * FROM SMS_PDF_Package");
        out = exec_method(h, "SMS_PDF_Package", "GetPDFData", json_pack("{sI}", "PDF_ID", (json_int_t)number_of(definition, "PDFID")));
        ok(h, json_object_get(out, "PDFPackage") != NULL, "7: GetPDFData");
        json_decref(out);
        json_decref(definition);
}

/* "How to Delete a Package": Get, Delete_. */
static void delete_a_package(struct howto *h)
{
        json_t *stored = put_new(h, "SMS_Package", json_pack("{ss}", "Name", "To be deleted"));
        char *path = path_of("SMS_Package.PackageID='%s'", text_of(stored, "PackageID"));
        json_t *package = get_object(h, path);

        ok(h, package && delete_object(h, path), "4: a package is deleted");
        ok(h, !get_object(h, path) && failed_with(h, TALLYMAN_E_NOT_FOUND, NULL), "4: it is not found any more");
        ok(h, !delete_object(h, path) && failed_with(h, TALLYMAN_E_NOT_FOUND, NULL), "4: nor can it be deleted again");
        json_decref(package);
        json_decref(stored);
        free(path);
}

void howtos_of_packages(struct howto *h)
{
        create_a_package(h);
        create_a_virtual_application(h);
        configure_package_properties(h);
        set_package_flags(h);
        package_with_its_programs(h);
        package_from_a_definition(h);
        delete_a_package(h);
}
