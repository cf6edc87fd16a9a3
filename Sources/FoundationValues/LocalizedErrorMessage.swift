import FoundationEssentials

/// What errors of Foundation's kind say of themselves.
package enum LocalizedErrorMessage {
    /// The `errorDescription` of a `LocalizedError`; `nil` for another error, or one without.
    package static func of(_ error: any Error) -> String? { (error as? any LocalizedError)?.errorDescription }
}
