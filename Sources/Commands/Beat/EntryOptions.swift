import CeleryCore
import Client
import Schedules

/// `options` of a periodic task in the settings: those of a message, as a line of a batch has them.
enum EntryOptions {
    private static let members = SendMembers(status: ExitCode.configuration)

    /// - Parameter periodic: takes over `expires`, which counts from when a run is due.
    /// - Throws: `CommandError`.
    static func read(_ object: JSONObject, _ periodic: inout PeriodicOptions) throws -> SendOptions {
        var options = SendOptions()
        for (key, value) in object.members {
            switch key {
            case "eta", "countdown":
                throw members.bad("'\(key)' is not for periodic tasks: their schedule says when")
            case "expires":
                let expires = try members.parsed(key, value, .duration)
                guard periodic.expires == nil || periodic.expires == expires else {
                    throw members.bad("'expires' contradicts the one outside of the options")
                }
                periodic.expires = expires
            default:
                try members.take(key, value, into: &options)
            }
        }
        if options.exchange != nil, options.routingKey == nil { throw members.bad("'exchange' needs 'routing_key'") }
        return options
    }
}
