package import CeleryCore
package import Schedules

/// A periodic task defined by a table `[beat.NAME]` of the settings file.
package struct PeriodicSection: Sendable, Hashable {
    /// The name of the table: not empty, without control characters.
    package var name: String
    /// The position of the table: `celery.toml:12`.
    package var place: String
    /// The name of the task to send.
    package var task: String
    package var args: [JSON]
    package var kwargs: JSONObject
    /// The message options in the table `options`.
    package var options: OptionValues
    package var periodic: PeriodicOptions
}
