graft_test(provisioner_test LABEL unit
  SOURCES catch_up_test.cc down_server_test.cc fence_test.cc left_behind_test.cc source_test.cc two_faults_test.cc provisioner_test.cc provisioner_attempts_test.cc provisioner_watch_test.cc provisioner_progress_test.cc
          provisioner_donor_test.cc claim_donor_test.cc donor_search_test.cc if_needed_test.cc old_data_judge_test.cc provision_world.cc
  DEPS graft::provision graft::topo graft::fake_mysql graft::fake_store graft::fake_journal
       graft::fake_server_host graft::wire)
