package import CeleryCore
import Tasks
import Wire

/// Signing the messages of commands, for whoever sends one: `celery run`, and whatever sends an earlier one again.
package enum CommandSigning {
    /// The message with a signature for its present id, arguments, prerequisites and expiry. Signs last: any later change of these
    /// invalidates the signature. Reads the key, or makes it if it is missing beside a database of one's own; blocks.
    ///
    /// - Throws: `CommandRefusal` where this user may not sign; `BodyError` for a body that cannot be read.
    package static func signed(_ message: Message, _ settings: Settings) throws -> Message {
        let policy = CommandPolicy(settings)
        let arguments = try BodyCodec.decode(message.body)
        // What a worker would refuse as malformed is not signed either.
        _ = try CommandRequest(arguments)
        var signed = message
        CommandSignature.sign(&signed, arguments, with: try policy.keyForSending())
        return signed
    }
}
