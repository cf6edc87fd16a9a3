/// The version of this program.
package enum Version {
    package static let text = "0.9.0"
    /// The date of the manual pages; changes with the version.
    package static let date = "2026-11-29"
}
