//! Tests of the real commands, by command: `cargo test -p nbft-tests --test commands names::` runs those of one.
//!
//! Tests that take longer than about a second are in modules named `slow`; `cargo test -- --skip slow::` leaves them out.

#[macro_use]
mod support;

mod wait;

mod connect {
    mod existing;
    mod lines;
    mod security;
    mod slow {
        mod storm;
        mod targets;
    }
}

mod dump {
    mod bad_input;
    mod connections;
    mod hostile;
    mod identity;
    mod jq;
    mod jq_1_8;
    mod jq_bounds;
    mod peer;
    mod peer_faults;
    mod revision;
    mod text;
    mod text_hostile;
    mod slow {
        mod mutants;
    }
}

mod names {
    mod files;
    mod formats;
    mod hostile;
    mod manual;
    mod naming;
    mod routes;
    mod wicked;
    mod slow {
        mod consumers;
    }
}

mod tls {
    mod peers;
}

/// The promises of the commands, of their pages and of the README.
mod contract {
    mod budget;
    mod json;
    mod one_file;
    mod options;
    mod readme;
    mod slow {
        mod capi;
    }
}
