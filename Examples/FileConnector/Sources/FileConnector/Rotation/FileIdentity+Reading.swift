// SPDX-License-Identifier: Apache-2.0

import OpenConnectFiles

extension FileIdentity {
    /// The identity of an open file, as far as its first bytes lie before an offset.
    init(of file: FileDescriptor, _ status: FileStatus, upTo offset: Int64 = .max) throws(FileError) {
        let length = Int(min(max(offset, 0), Int64(Self.beginningLength)))
        let beginning = try [UInt8](capacity: length) { (buffer) throws(FileError) in
            try file.read(into: buffer, at: 0)
        }
        self.init(device: status.device, inode: status.inode, beginning: beginning)
    }
}
