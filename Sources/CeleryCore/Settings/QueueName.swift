/// What may be the name of a queue, in settings, options of tasks and on command lines.
package enum QueueName {
    /// The rule, for errors.
    package static let rule = "up to 255 bytes without spaces or commas"

    /// AMQP's limit is 255 bytes; a comma separates names on a command line.
    package static func isValid(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 255
            && name.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F && $0 != "," }
    }
}
