/// Headers that identify the run of a periodic task.
package enum BeatHeader {
    /// `true` in every message sent by a beat; Python's beat sets it since 5.7.
    package static let isFromBeat = "celery_beat_task"
    /// The name of the entry.
    package static let entry = "beat_entry"
    /// When the run was due, in ISO 8601.
    package static let due = "beat_due"
}
