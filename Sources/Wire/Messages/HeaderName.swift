import CeleryCore

/// The headers of protocol 2 that have their own fields, and cannot be custom headers.
enum HeaderName {
    static func isReserved(_ name: String) -> Bool {
        switch name {
        case "lang", "task", "id", "shadow", "eta", "expires", "group", "group_index", "retries", "timelimit",
            "root_id", "parent_id", "argsrepr", "kwargsrepr", "origin", "ignore_result", "replaced_task_nesting",
            "stamped_headers", "stamps", "compression":
            true
        default: false
        }
    }

    /// Whether a header has the value of every Celery sender, and need not be stored: the encoder writes it again.
    static func isDefault(_ name: String, _ value: JSON) -> Bool {
        switch name {
        case "lang": value == "py"
        case "replaced_task_nesting": value == 0
        case "stamped_headers": value.isNull
        case "stamps": value.objectValue?.isEmpty ?? false
        default: false
        }
    }
}
