package import CeleryCore
package import Schedules

/// A periodic task as the settings file has it, in a table `[beat.NAME]`.
package struct PeriodicSection: Sendable, Hashable {
    /// What the table is called; not empty, without control characters.
    package var name: String
    /// Where it is: `celery.toml:12`.
    package var place: String
    /// The task it sends.
    package var task: String
    package var args: [JSON]
    package var kwargs: JSONObject
    /// How it is sent: the options of the table that may stand there.
    package var options: OptionValues
    package var periodic: PeriodicOptions
}
