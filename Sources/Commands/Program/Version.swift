/// The version of this program.
package enum Version {
    package static let text = "0.8.0"
    /// The day that manual pages bear; set with the version.
    package static let date = "2026-11-22"
}
